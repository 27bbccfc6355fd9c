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
    public void Add(Func<CancellationToken, ValueTask> work)
    {
        lock (_gate)
        {
            _work.Enqueue(work);
            StartIfNeeded();
        }
    }

    private void StartIfNeeded()
    {
        if (!_paused && !_running && _work.Count > 0)
        {
            _running = true;
            Pump = Task.Run(PumpAsync, CancellationToken.None);
        }
    }

    private async Task PumpAsync()
    {
        while (true)
        {
            Func<CancellationToken, ValueTask>? work;
            lock (_gate)
            {
                if (cancellationToken.IsCancellationRequested || !_work.TryDequeue(out work))
                {
                    _running = false;
                    return;
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
