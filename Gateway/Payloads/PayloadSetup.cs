using RPort.Gateway.Configuration;

namespace RPort.Gateway.Payloads;

/// <summary>Picks the payload store.</summary>
internal static class PayloadSetup
{
    public static IServiceCollection AddPayloads(this IServiceCollection services)
    {
        services.AddGatewayOptions<PayloadOptions>(PayloadOptions.Section);
        services.AddSingleton<IPayloadStore, FolderPayloadStore>();
        return services;
    }
}
