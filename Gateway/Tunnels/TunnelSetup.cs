using RPort.Gateway.Tunnels.Live;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Tunnels;

/// <summary>Puts tunnels into the gateway.</summary>
internal static class TunnelSetup
{
    public static IServiceCollection AddTunnels(this IServiceCollection services)
    {
        services.AddCheckedOptions<TunnelOptions>(TunnelOptions.Section);
        services.AddSingleton<TunnelMetrics>();
        services.AddSingleton<TunnelEnvironment>();
        return services;
    }
}
