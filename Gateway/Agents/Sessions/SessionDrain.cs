using Microsoft.Extensions.Options;
using RPort.Silo.Hosting;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>
/// Before a gateway of a cluster stops, it sends its agents to the others: one after the other over half of <c>Agents:DrainTime</c>, so that the others are not
/// met by all at once. An agent leaves once another gateway has taken it; its tunnels reopen there and a transfer goes on at the byte it had. Who is
/// still here at the end of that time is disconnected. A single process has no other gateway and stops at once.
/// </summary>
internal sealed class SessionDrain(
    SessionTable table, IOptions<AgentDoorOptions> options, IOptions<ClusterOptions> cluster, TimeProvider clock, ILogger<SessionDrain> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Agents told in one step.</summary>
    private const int Step = 16;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs before anything else of this process stops.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (cluster.Value.Mode == ClusterMode.Cluster && options.Value.DrainTime > TimeSpan.Zero && table.Count > 0)
            {
                await DrainAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host's own time-out has run out.
        }

        AgentDoorLog.ClosingSessions(logger, table.Count);
        table.Stop();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        table.TakeNoMore();
        IReadOnlyCollection<AgentSession> sessions = table.All;
        AgentDoorLog.Draining(logger, sessions.Count, options.Value.DrainTime);
        TimeSpan pause = options.Value.DrainTime / 2 * Step / Math.Max(sessions.Count, Step);
        foreach (AgentSession[] step in sessions.Chunk(Step))
        {
            await Task.WhenAll(step.Select(session => TellAsync(session, cancellationToken)));
            if (sessions.Count > Step)
            {
                await Task.Delay(pause, clock, cancellationToken);
            }
        }

        while (table.Count > 0 && clock.GetElapsedTime(start) < options.Value.DrainTime)
        {
            await Task.Delay(Look, clock, cancellationToken);
        }
    }

    private static async Task TellAsync(AgentSession session, CancellationToken cancellationToken)
    {
        try
        {
            await session.HandOverAsync(cancellationToken);
        }
        catch (Exception e) when (e is SshException or IOException or ObjectDisposedException)
        {
            // Its connection has just ended.
        }
    }
}
