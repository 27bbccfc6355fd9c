using System.Collections.Immutable;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>
/// Knows whether an agent is alive, and tells its client grain. Any byte of the agent is a sign of life; after silence it is pinged. One timer per
/// session; nothing is awaited between its ticks.
/// </summary>
internal sealed class SessionPulse : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(50);

    private readonly AgentSessionOptions _options;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly ITimer _timer;
    private readonly long _start;
    private int _proofWanted;

    public SessionPulse(AgentSessionOptions options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        _start = clock.GetTimestamp();
        _timer = clock.CreateTimer(static pulse => ((SessionPulse)pulse!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Has the agent pinged at once. Returns at once.</summary>
    public void ProveAlive()
    {
        Volatile.Write(ref _proofWanted, 1);
        Wake();
    }

    /// <summary>Beats until the token fires; returns the reason to close the session when the agent is dead or superseded.</summary>
    /// <param name="connection">The connection to watch.</param>
    /// <param name="session">What a beat does.</param>
    /// <param name="cancellationToken">Fires when the session ends for another reason.</param>
    public async Task<SessionEnd> RunAsync(SshConnection connection, IPulseOwner session, CancellationToken cancellationToken)
    {
        TimeSpan nextBeat = Now + Spread(SessionLease.HeartbeatInterval);
        while (true)
        {
            await SleepAsync(connection, nextBeat, session.AllowedSilence, cancellationToken);
            TimeSpan patience = Interlocked.Exchange(ref _proofWanted, 0) == 1 ? _options.ProveAliveTimeout
                : Now - LastReceived(connection) >= Longer(_options.KeepAliveInterval, session.AllowedSilence) ? _options.KeepAliveTimeout
                : TimeSpan.Zero;
            if (patience > TimeSpan.Zero && !await PingAsync(connection, session, patience, cancellationToken))
            {
                return new SessionEnd(SshDisconnectReason.ConnectionLost, $"no sign of life for {Now - LastReceived(connection):c}");
            }

            if (Now < nextBeat)
            {
                continue;
            }

            BeatOutcome outcome = await BeatAsync(connection, session, cancellationToken);
            if (outcome == BeatOutcome.Superseded)
            {
                return new SessionEnd(SshDisconnectReason.ByApplication, "another session of this client is newer");
            }

            nextBeat = Now + (outcome == BeatOutcome.Failed ? RetryInterval : Spread(SessionLease.HeartbeatInterval));
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _wake.Dispose();
    }

    /// <summary>Since this pulse was made. Measured: a system clock that is set must neither hide a dead link nor end a living one.</summary>
    private TimeSpan Now => _clock.GetElapsedTime(_start);

    private TimeSpan LastReceived(SshConnection connection) => _clock.GetElapsedTime(_start, connection.LastReceived);

    // Never later than the interval, and not all agents of a fleet at the same moment.
    private static TimeSpan Spread(TimeSpan interval) => interval * (0.75 + (0.25 * Random.Shared.NextDouble()));

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private async Task SleepAsync(SshConnection connection, TimeSpan nextBeat, TimeSpan allowedSilence, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _proofWanted) == 1)
        {
            return;
        }

        TimeSpan silent = LastReceived(connection) + Longer(_options.KeepAliveInterval, allowedSilence);
        TimeSpan wait = (silent < nextBeat ? silent : nextBeat) - Now;
        _timer.Change(Longer(wait, ShortestWait), Timeout.InfiniteTimeSpan);
        await _wake.WaitAsync(cancellationToken);
    }

    private async Task<BeatOutcome> BeatAsync(SshConnection connection, IPulseOwner session, CancellationToken cancellationToken)
    {
        try
        {
            if (await session.HeartbeatAsync(cancellationToken))
            {
                return BeatOutcome.Told;
            }

            // The grain knows a newer session, or has lost this one. Only an agent that answers now may claim its place again: the older of two
            // connections of one process is a dead one.
            return await PingAsync(connection, session, _options.ProveAliveTimeout, cancellationToken) && await session.ReconnectAsync(cancellationToken)
                ? BeatOutcome.Told
                : BeatOutcome.Superseded;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever a grain call may throw: the agent is alive, so the session stays and the next beat tells.
            session.HeartbeatFailed(e);
            return BeatOutcome.Failed;
        }
    }

    private async Task<bool> PingAsync(SshConnection connection, IPulseOwner session, TimeSpan patience, CancellationToken cancellationToken)
    {
        TimeSpan asked = Now;
        if (asked - LastReceived(connection) < session.AllowedSilence)
        {
            return true; // it could not answer now if it wanted to
        }

        using CancellationTokenSource deadline = new(patience, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await connection.RequestAsync(RequestNames.Ping, default, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Bytes that came meanwhile prove life as well: the answer may wait behind a long transfer.
            return LastReceived(connection) > asked;
        }
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // Awake already, or the session is over.
        }
    }

    private enum BeatOutcome
    {
        Told,
        Failed,
        Superseded,
    }
}

/// <summary>The session a pulse beats for.</summary>
internal interface IPulseOwner
{
    /// <summary>How long the agent may be silent without being pinged; zero for the usual time.</summary>
    TimeSpan AllowedSilence { get; }

    /// <summary>Tells the client grain that the agent lives. False: the grain does not take this session for the newest.</summary>
    Task<bool> HeartbeatAsync(CancellationToken cancellationToken);

    /// <summary>Registers the session again. False: refused.</summary>
    Task<bool> ReconnectAsync(CancellationToken cancellationToken);

    /// <summary>The client grain could not be told.</summary>
    void HeartbeatFailed(Exception error);
}
