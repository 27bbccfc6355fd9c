using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RPort.Silo.Hosting;

/// <summary>Whether grains answer: the alarms' heartbeat is a call to them every few seconds.</summary>
internal sealed class SiloHealth(AlarmHeartbeat heartbeat, TimeProvider clock) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(heartbeat.LastBeat switch
        {
            null => HealthCheckResult.Unhealthy("Grains have not answered yet."),
            { } last when clock.GetUtcNow() - last > Patience => HealthCheckResult.Unhealthy($"Grains have not answered since {last:O}."),
            _ => HealthCheckResult.Healthy(),
        });
}

/// <summary>Which health checks answer which question.</summary>
public static class HealthTags
{
    /// <summary>Can this process do its work now?</summary>
    public const string Ready = "ready";
}
