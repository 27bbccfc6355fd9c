using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>
/// What happens to a session's tunnels by the clock: time-outs, another try for a port that was taken, another try to have a closed tunnel forgotten.
/// Runs only while there is something to look after.
/// </summary>
internal sealed class TunnelUpkeep(TunnelEnvironment environment, SessionTunnels tunnels) : IAsyncDisposable
{
    /// <summary>Tries in quick succession for a port that was taken: the older session of the same client gives it back within moments.</summary>
    private const int QuickTries = 20;
    private static readonly TimeSpan QuickPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();

    // Every session has one and few ever use it: a concurrent queue would hold a kilobyte from the start. Guarded by the gate.
    private readonly Queue<(TunnelId Tunnel, string Reason)> _toForget = new(0);
    private Task _running = Task.CompletedTask;
    private SessionScope? _scope;
    private int _tries;

    // Under the gate.
    private bool HasWork => _toForget.Count > 0 || tunnels.All.Count > 0;

    /// <summary>The session tunnels belong to. Set before anything else.</summary>
    public void Attach(SessionScope scope) => _scope = scope;

    /// <summary>Something has been added.</summary>
    public void StartIfNeeded()
    {
        lock (_gate)
        {
            if (_running.IsCompleted && !_closing.IsCancellationRequested && HasWork)
            {
                _tries = 0;
                _running = Task.Run(RunAsync);
            }
        }
    }

    /// <summary>Has a closed tunnel forgotten, sooner or later.</summary>
    public void Forget(TunnelId tunnel, string reason)
    {
        lock (_gate)
        {
            _toForget.Enqueue((tunnel, reason));
        }

        StartIfNeeded();
    }

    /// <summary>Has a closed tunnel forgotten now. When that fails it is tried again later. False: a newer session has taken over.</summary>
    public async Task<bool> ForgetAsync(TunnelId tunnel, string reason, CancellationToken cancellationToken)
    {
        try
        {
            bool forgotten = await _scope!.Ledger.RemoveAsync(tunnel, cancellationToken);
            if (forgotten)
            {
                TunnelLog.Closed(environment.Logger, _scope.Client, tunnel, reason);
            }

            return forgotten;
        }
        catch (Exception)
        {
            Forget(tunnel, reason);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Task running;
        lock (_gate)
        {
            running = _running;
        }

        await running;
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                bool waiting = LookAfterPorts();
                await ExpireAsync();
                await ForgetAllAsync();
                lock (_gate)
                {
                    if (!HasWork)
                    {
                        _running = Task.CompletedTask; // under the gate, so that whoever adds something starts it anew
                        return;
                    }
                }

                _tries = waiting ? _tries + 1 : 0;
                await Task.Delay(waiting && _tries < QuickTries ? QuickPause : Pause, environment.Clock, _closing.Token);
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The session is over.
        }
        catch (Exception e)
        {
            // The edge of the upkeep: tunnels stay open without it, and the next change starts it again.
            TunnelLog.UpkeepFailed(environment.Logger, _scope!.Client, e);
        }
    }

    /// <summary>Whether a tunnel still waits for its port.</summary>
    private bool LookAfterPorts()
    {
        bool waiting = false;
        foreach (TunnelEntry entry in tunnels.All.Where(entry => entry.Open is null))
        {
            tunnels.TryOpen(entry);
            waiting |= entry.Open is null;
        }

        return waiting;
    }

    private async Task ExpireAsync()
    {
        DateTimeOffset now = environment.Clock.GetUtcNow();
        foreach (TunnelEntry entry in tunnels.All)
        {
            TunnelSpec spec = entry.Record.Spec;
            if (spec.AutoClose > TimeSpan.Zero && entry.Record.CreatedAt + spec.AutoClose <= now)
            {
                await tunnels.ExpireAsync(entry, evenInUse: true, $"its auto-close time of {spec.AutoClose} is over");
            }
            else if (spec.IdleTimeoutMinutes > 0 && entry.Open is { } open && open.Gate.Idle >= TimeSpan.FromMinutes(spec.IdleTimeoutMinutes))
            {
                await tunnels.ExpireAsync(entry, evenInUse: false, $"nobody used it for {spec.IdleTimeoutMinutes} minutes");
            }
        }
    }

    private async Task ForgetAllAsync()
    {
        (TunnelId Tunnel, string Reason)[] all;
        lock (_gate)
        {
            all = [.. _toForget];
            _toForget.Clear();
        }

        foreach ((TunnelId Tunnel, string Reason) gone in all)
        {
            try
            {
                await ForgetAsync(gone.Tunnel, gone.Reason, _closing.Token);
            }
            catch (Exception e) when (!_closing.IsCancellationRequested)
            {
                // Whatever a grain call may throw: it is in the queue again.
                TunnelLog.NotRecorded(environment.Logger, _scope!.Client, gone.Tunnel, e);
            }
        }
    }
}
