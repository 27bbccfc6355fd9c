using Microsoft.Extensions.Options;
using RPort.Gateway.Tunnels;

namespace RPort.Gateway.Cluster;

/// <summary>Says at the start what works with one gateway and surprises with several.</summary>
internal sealed partial class ClusterWarnings(IOptions<TunnelOptions> tunnels, ILogger<ClusterWarnings> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (tunnels.Value.PublicHost.Length == 0)
        {
            LogNoPublicHost(logger);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(4080, LogLevel.Warning, "Tunnels:PublicHost is not set: callers of the API cannot know on which gateway of the cluster the port of a tunnel is")]
    private static partial void LogNoPublicHost(ILogger logger);
}
