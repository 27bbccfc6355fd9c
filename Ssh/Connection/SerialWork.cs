namespace RPort.Ssh.Connection;

/// <summary>
/// A queue of work done one after the other on the thread pool. Costs nothing while empty: the pump is a task only while there is work.
/// </summary>
internal sealed class SerialWork(CancellationToken cancellationToken, Action<Exception> failed)
{
    private readonly Lock _gate = new();
    private readonly Queue<Func<CancellationToken, ValueTask>> _work = new(0);
    private bool _paused;
    private bool _running;

    /// <summary>The pump that runs, or ran last. Never faults.</summary>
    public Task Pump { get; private set; } = Task.CompletedTask;

    public void Pause()
    {
        lock (_gate)
        {
            _paused = true;
        }
    }

    public void Resume()
    {
        lock (_gate)
        {
            _paused = false;
            StartIfNeeded();
        }
    }

    /// <summary>Adds work. Its owner bounds it.</summary>
    /// <param name="work">The work.</param>
    /// <param name="atOnce">Begins it on this thread if nothing is before it: for work that never blocks, and would cost less than its way to another thread.</param>
    public void Add(Func<CancellationToken, ValueTask> work, bool atOnce = false)
    {
        lock (_gate)
        {
            if (!atOnce || _paused || _running || _work.Count > 0)
            {
                _work.Enqueue(work);
                StartIfNeeded();
                return;
            }

            _running = true;
        }

        Pump = PumpAsync(work);
    }

    private void StartIfNeeded()
    {
        if (!_paused && !_running && _work.Count > 0)
        {
            _running = true;
            Pump = Task.Run(() => PumpAsync(null), CancellationToken.None);
        }
    }

    private async Task PumpAsync(Func<CancellationToken, ValueTask>? first)
    {
        for (Func<CancellationToken, ValueTask>? work = first; ; work = null)
        {
            if (work is null)
            {
                lock (_gate)
                {
                    if (cancellationToken.IsCancellationRequested || !_work.TryDequeue(out work))
                    {
                        _running = false;
                        return;
                    }
                }
            }

            try
            {
                await work(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The connection is closing: nobody waits for the answer.
            }
            catch (Exception e)
            {
                // The edge of foreign code: whatever it throws must not stop the work behind it.
                failed(e);
            }
        }
    }
}
