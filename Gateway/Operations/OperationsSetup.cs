using RPort.Gateway.Configuration;

namespace RPort.Gateway.Operations;

/// <summary>Health, metrics and the description of the API.</summary>
internal static class OperationsSetup
{
    public static IServiceCollection AddOperations(this IServiceCollection services) =>
        services.AddGatewayOptions<OperationsOptions>(OperationsOptions.Section).AddTelemetry().AddApiDescription();

    public static void MapOperations(this WebApplication app)
    {
        app.MapHealth();
        app.MapMetrics();
        app.MapApiDescription();
    }
}
