using Orleans;
using RPort.Gateway.Errors;
using RPort.Gateway.Json;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Operations;

/// <summary>/health: for load balancers and whoever restarts processes. Needs no credentials and tells no secrets.</summary>
internal static class HealthEndpoints
{
    public const string Prefix = "/health";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder health = routes.MapGroup(Prefix).WithTags("Operations").AllowAnonymous();
        health.MapGet("/live", () => Answer.Of(new HealthView("live"))).WithName("IsLive").WithSummary("The process answers").Produces<DataBody<HealthView>>();
        health.MapGet("/ready", ReadyAsync).WithName("IsReady").WithSummary("The process can do its work").Produces<DataBody<HealthView>>().Fails(503);
    }

    /// <summary>Ready means the grains answer. Payload storage is not asked: while it is away agents stay connected and pushes wait, which needs this gateway up.</summary>
    private static async Task<IResult> ReadyAsync(IHostApplicationLifetime lifetime, IGrainFactory grains, ILogger<HealthView> logger)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "starting or stopping");
        }

        try
        {
            await grains.GetGrain<IClientDirectoryGrain>(ClientDirectoryShards.Keys.First()).CountAsync().WaitAsync(Deadline);
            return Answer.Of(new HealthView("ready"));
        }
        catch (Exception e) // whatever it is, this process cannot do its work; the reason is for the log
        {
            logger.LogNotReady(e);
            return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "grains do not answer");
        }
    }
}

/// <summary>How the process is.</summary>
internal sealed record HealthView(string Status);

internal static partial class HealthLog
{
    [LoggerMessage(4020, LogLevel.Warning, "Not ready: grains do not answer")]
    public static partial void LogNotReady(this ILogger logger, Exception exception);
}
