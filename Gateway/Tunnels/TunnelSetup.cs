using RPort.Silo.Configuration;

namespace RPort.Gateway.Tunnels;

/// <summary>Puts tunnels into the gateway.</summary>
internal static class TunnelSetup
{
    public static IServiceCollection AddTunnels(this IServiceCollection services)
    {
        services.AddCheckedOptions<TunnelOptions>(TunnelOptions.Section);
        return services;
    }
}
