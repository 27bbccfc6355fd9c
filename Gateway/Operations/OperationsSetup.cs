using RPort.Silo.Configuration;

namespace RPort.Gateway.Operations;

/// <summary>Health, metrics and the description of the API.</summary>
internal static class OperationsSetup
{
    public static IServiceCollection AddOperations(this IServiceCollection services) =>
        services.AddCheckedOptions<OperationsOptions>(OperationsOptions.Section).AddHealthChecks().Services.AddTelemetry().AddApiDescription().AddHostedService<DescriptorLimit>();

    public static void MapOperations(this WebApplication app)
    {
        app.MapHealth();
        app.MapMetrics();
        app.MapApiDescription();
    }
}
