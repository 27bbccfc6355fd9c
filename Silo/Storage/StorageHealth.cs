using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RPort.Silo.Storage;

/// <summary>Whether a write reaches the disk.</summary>
internal sealed class StorageHealth(SqliteStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.ProbeAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (GrainStorageException e)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
