using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans;
using RPort.Gateway.Access;
using RPort.Gateway.Errors;
using RPort.Gateway.Json;
using RPort.Grains.Abstractions;
using RPort.Silo.Hosting;

namespace RPort.Gateway.Operations;

/// <summary>/health: for load balancers and whoever restarts processes. Needs no credentials and tells no secrets.</summary>
internal static class HealthEndpoints
{
    public const string Prefix = "/health";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder health = routes.MapGroup(Prefix).WithTags("Operations").AllowAnonymous().WithMetadata(AnswersBanned.Mark);
        health.MapGet("/live", () => Answer.Of(new HealthView("live"))).WithName("IsLive").WithSummary("The process answers").Produces<DataBody<HealthView>>();
        health.MapGet("/ready", ReadyAsync).WithName("IsReady").WithSummary("The process can do its work").Produces<DataBody<HealthView>>().Fails(503);
        // Some load balancers ask with HEAD.
        health.MapMethods("/live", [HttpMethods.Head], () => Answer.Of(new HealthView("live"))).ExcludeFromDescription();
        health.MapMethods("/ready", [HttpMethods.Head], ReadyAsync).ExcludeFromDescription();
    }

    /// <summary>
    /// Completes when one shard of the directory has answered. The shards are spread over the silos: where one silo has just died, those of the others answer,
    /// and this gateway stays in its balancer.
    /// </summary>
    private static async Task AnyGrainAsync(IGrainFactory grains)
    {
        List<Task> asked = [.. ClientDirectoryShards.Keys.Select(shard => grains.GetGrain<IClientDirectoryGrain>(shard).CountAsync())];
        while (true)
        {
            Task first = await Task.WhenAny(asked);
            asked.Remove(first);
            if (first.IsCompletedSuccessfully || asked.Count == 0)
            {
                await first;
                asked.ForEach(rest => rest.Ignore());
                return;
            }
        }
    }

    /// <summary>Ready means that grains answer. Payload storage is not asked: while it is away agents stay connected and pushes wait, which needs this gateway up.</summary>
    private static async Task<IResult> ReadyAsync(IHostApplicationLifetime lifetime, HealthCheckService checks, IGrainFactory grains, ILogger<HealthView> logger, CancellationToken cancellationToken)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "starting or stopping");
        }

        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(Deadline);
            HealthReport report = await checks.CheckHealthAsync(check => check.Tags.Contains(HealthTags.Ready), deadline.Token);
            await AnyGrainAsync(grains).WaitAsync(deadline.Token);
            if (report.Status != HealthStatus.Unhealthy)
            {
                return Answer.Of(new HealthView("ready"));
            }

            logger.LogNotReady(string.Join("; ", report.Entries.Where(e => e.Value.Status == HealthStatus.Unhealthy).Select(e => $"{e.Key}: {e.Value.Description}")), null);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested) // whatever it is, this process cannot do its work; the reason is for the log
        {
            logger.LogNotReady("grains do not answer", e);
        }

        return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "not ready");
    }
}

/// <summary>How the process is.</summary>
internal sealed record HealthView(string Status);

internal static partial class HealthLog
{
    [LoggerMessage(4020, LogLevel.Warning, "Not ready: {Reason}")]
    public static partial void LogNotReady(this ILogger logger, string reason, Exception? exception);
}
