using Microsoft.Extensions.Logging;
using RPort.Agent.Connection;
using RPort.Agent.Logging;
using RPort.Agent.Session;
using RPort.Ssh;

namespace RPort.Agent.Supervision;

/// <summary>Which gateways there are, and when to try them.</summary>
/// <param name="Servers">The first is the primary one, the others its fallbacks in order.</param>
/// <param name="SwitchbackInterval">How often the primary is tried from a fallback.</param>
/// <param name="LongestAttempt">After which an attempt must have ended.</param>
internal sealed record ConnectionPlan(IReadOnlyList<ServerAddress> Servers, TimeSpan SwitchbackInterval, TimeSpan LongestAttempt);

/// <summary>
/// Keeps the agent connected for as long as it runs. No failure of the network or of a gateway ends it.
/// <code>
/// (1) try the servers in order ──all failed──► (2) pause, longer each time ──► (1)
///        │ one took us
/// (3) hold the session; beside it, on a fallback, try the primary now and then, and on a gateway that stops, the others; change over once one stands
///        │ it ended ──► (2)
/// </code>
/// </summary>
internal sealed class Supervisor(
    ConnectionPlan plan, OpenSession open, Backoff backoff, ReconnectSignal reconnect, HealthDeadline health, AgentStatus status, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan Stable = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan HandoverPause = TimeSpan.FromSeconds(1);

    // Every server of the last round refused our credential.
    private bool _loginRefused;

    // The shortest wait that a busy server of the last round asked for.
    private TimeSpan? _busyFor;

    private ServerAddress Primary => plan.Servers[0];

    /// <summary>Returns once the token has fired and the last session is closed.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                IAgentSession? session = await TryAllAsync(cancellationToken).ConfigureAwait(false); // (1)
                bool pause = session is null || await HoldAsync(session, cancellationToken).ConfigureAwait(false); // (3)
                if (pause)
                {
                    await PauseAsync(cancellationToken).ConfigureAwait(false); // (2)
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task<IAgentSession?> TryAllAsync(CancellationToken cancellationToken)
    {
        bool refused = true;
        TimeSpan? busy = null;
        foreach (ServerAddress server in plan.Servers)
        {
            try
            {
                health.Expect(plan.LongestAttempt);
                status.Set($"connecting to {server}");
                return await open(server, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                Report(server, error); // all kinds: this loop must outlive every one of them
                refused &= error is LoginRefusedException;
                if (Wish(error) is { } wish && !(wish >= busy))
                {
                    busy = wish;
                }
            }
        }

        _loginRefused = refused;
        _busyFor = busy;
        return null;
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = _loginRefused ? backoff.NextAfterRefusedLogin() : _busyFor is { } busy ? backoff.NextAfterBusy(busy) : backoff.Next();
        _loginRefused = false;
        _busyFor = null;
        health.Expect(pause);
        logger.Waiting(pause.TotalSeconds);
        status.Set($"not connected, next attempt in {pause.TotalSeconds:0} s");
        if (await reconnect.WaitAsync(pause, clock, cancellationToken).ConfigureAwait(false))
        {
            logger.ReconnectAsked();
            backoff.Reset();
        }
    }

    /// <summary>Runs the session, and those it is changed for, until one ends. False: the end was asked for, connect again at once.</summary>
    private async Task<bool> HoldAsync(IAgentSession session, CancellationToken cancellationToken)
    {
        while (true)
        {
            long since = clock.GetTimestamp();
            Task<SshCloseReason> running = Run(session, cancellationToken);
            (IAgentSession? better, bool asked) = await WatchAsync(session, running, cancellationToken).ConfigureAwait(false);
            if (better is not null)
            {
                // The old session hands over before the new one takes; its connection goes last.
                session.Release();
                Task<SshCloseReason> old = running;
                ServerAddress left = session.Server;
                await session.CloseAsync().ConfigureAwait(false);
                logger.ConnectionEnded(left, (await old.ConfigureAwait(false)).Message);
                session = better;
                continue;
            }

            if (asked)
            {
                await session.CloseAsync().ConfigureAwait(false);
            }

            SshCloseReason reason = await running.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            logger.ConnectionEnded(session.Server, reason.Message);
            if (asked || clock.GetElapsedTime(since) >= Stable)
            {
                backoff.Reset();
            }

            return !asked;
        }
    }

    private Task<SshCloseReason> Run(IAgentSession session, CancellationToken cancellationToken)
    {
        logger.Connected(session.Server);
        status.Set($"connected to {session.Server}");
        return session.RunAsync(cancellationToken);
    }

    /// <summary>Waits for the session's end, a wish to reconnect, or, on a fallback, a session with the primary that is to take over.</summary>
    private async Task<(IAgentSession? Better, bool Asked)> WatchAsync(IAgentSession session, Task<SshCloseReason> running, CancellationToken cancellationToken)
    {
        using CancellationTokenSource watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<bool> asked = reconnect.WaitAsync(Timeout.InfiniteTimeSpan, clock, watching.Token);
        Task<IAgentSession> better = BetterAsync(session, watching.Token, cancellationToken);
        await Task.WhenAny(running, asked, better).ConfigureAwait(false);
        await watching.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(asked, better).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        IAgentSession? found = better.IsCompletedSuccessfully ? await better.ConfigureAwait(false) : null;
        bool wanted = asked.IsCompletedSuccessfully && await asked.ConfigureAwait(false);
        if (wanted)
        {
            logger.ReconnectAsked();
        }

        return (found, wanted && found is null);
    }

    /// <summary>A session that is to take the place of this one: with the primary, or with any other gateway once this one says that it stops.</summary>
    private async Task<IAgentSession> BetterAsync(IAgentSession session, CancellationToken watching, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stays = CancellationTokenSource.CreateLinkedTokenSource(watching);
        Task<IAgentSession> primary = session.Server == Primary ? Never<IAgentSession>(stays.Token) : SwitchBackAsync(stays.Token, cancellationToken);
        if (await Task.WhenAny(primary, session.HandoverWanted.WaitAsync(watching)).ConfigureAwait(false) == primary)
        {
            return await primary.ConfigureAwait(false);
        }

        await stays.CancelAsync().ConfigureAwait(false);
        await ((Task)primary).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return primary.IsCompletedSuccessfully ? await primary.ConfigureAwait(false) : await HandOverAsync(session, watching, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Tries the other servers, and then the address of this one, behind which a balancer may know another gateway, until one takes us. The gateway that
    /// stops spreads its agents over time, so the first round begins at once.
    /// </summary>
    private async Task<IAgentSession> HandOverAsync(IAgentSession session, CancellationToken watching, CancellationToken cancellationToken)
    {
        watching.ThrowIfCancellationRequested();
        logger.HandoverAsked(session.Server);
        ServerAddress[] others = [.. plan.Servers.Where(server => server != session.Server), session.Server];
        while (true)
        {
            foreach (ServerAddress server in others)
            {
                try
                {
                    IAgentSession next = await open(server, cancellationToken).ConfigureAwait(false);
                    logger.HandedOver(server);
                    return next;
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    Report(server, error); // all kinds, as in TryAllAsync
                }

                watching.ThrowIfCancellationRequested();
            }

            await Task.Delay(HandoverPause, clock, watching).ConfigureAwait(false);
        }
    }

    /// <summary>Tries the primary until it takes us. An attempt under way is finished even when the watch ends: it would be the next one anyway.</summary>
    private async Task<IAgentSession> SwitchBackAsync(CancellationToken watching, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(plan.SwitchbackInterval, clock, watching).ConfigureAwait(false);
            try
            {
                IAgentSession primary = await open(Primary, cancellationToken).ConfigureAwait(false);
                logger.SwitchingBack(Primary);
                return primary;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                logger.StayingOnFallback(Primary, error); // all kinds, as in TryAllAsync
            }
        }
    }

    private TimeSpan? Wish(Exception error) =>
        error is DialException { RetryAfter: { } retry } ? retry.Delta ?? retry.Date - clock.GetUtcNow() : null;

    private static async Task<T> Never<T>(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        throw new OperationCanceledException(cancellationToken);
    }

    private void Report(ServerAddress server, Exception error)
    {
        if (error is RegistrationRefusedException { AlreadyConnected: true })
        {
            logger.AlreadyConnected();
        }

        if (error is DialException or SshException or LoginRefusedException or RegistrationRefusedException or TimeoutException or IOException)
        {
            logger.AttemptFailed(server, error);
        }
        else
        {
            logger.AttemptBroke(server, error);
        }
    }
}
