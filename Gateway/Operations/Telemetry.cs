using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using RPort.Gateway.Errors;

namespace RPort.Gateway.Operations;

/// <summary>Collects the meters of this process for <c>/metrics</c> and, where configured, for a collector.</summary>
internal sealed class Telemetry : IDisposable
{
    /// <summary>Our meters and the platform's; names with a star match every meter that begins so.</summary>
    private static readonly string[] Meters = ["RPort.*", "Orleans", "Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    private readonly Lock _scraping = new();
    private readonly PrometheusText _text = new();
    private readonly BaseExportingMetricReader _reader;
    private readonly MeterProvider _provider;

    public Telemetry(IOptions<OperationsOptions> options)
    {
        _reader = new BaseExportingMetricReader(_text);
        MeterProviderBuilder builder = Sdk.CreateMeterProviderBuilder().AddMeter(Meters).AddReader(_reader);
        if (options.Value.OtlpEndpoint.Length > 0)
        {
            builder.AddOtlpExporter(otlp => otlp.Endpoint = new Uri(options.Value.OtlpEndpoint));
        }

        _provider = builder.Build();
    }

    public string Scrape()
    {
        lock (_scraping)
        {
            _reader.Collect();
            return _text.Text;
        }
    }

    public void Dispose() => _provider.Dispose();
}

internal static class TelemetrySetup
{
    public static IServiceCollection AddTelemetry(this IServiceCollection services) => services.AddSingleton<Telemetry>();

    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<Telemetry>(); // listens from the start, not from the first scrape
        RouteHandlerBuilder metrics = routes.MapGet("/metrics", (Telemetry telemetry) => Results.Text(telemetry.Scrape(), "text/plain; version=0.0.4; charset=utf-8"))
            .WithTags("Operations").WithName("GetMetrics").WithSummary("Numbers of this process in Prometheus' text format")
            .Produces<string>(StatusCodes.Status200OK, "text/plain").Fails();
        bool anonymous = routes.ServiceProvider.GetRequiredService<IOptions<OperationsOptions>>().Value.AnonymousMetrics;
        metrics.WithMetadata(anonymous ? new AllowAnonymousAttribute() : new AuthorizeAttribute());
    }
}
