namespace Orleans.Engine;

/// <summary>
/// Runs one thing at a time: the continuations that awaits bring back, and whatever the derived class has to begin. At most one thread pool
/// item per scheduler is queued or running; that item is what takes turns.
/// </summary>
internal abstract class TurnScheduler : TaskScheduler, IThreadPoolWorkItem
{
    // Turns before the thread is given to others; more would starve them, less would cost a queue round trip too often.
    private const int TurnsPerItem = 64;

    private static readonly Action<object?> TakeTurns = static self => ((TurnScheduler)self!).RunTurns();

    [ThreadStatic]
    private static TurnScheduler? _current;

    private Queue<Task>? _continuations;
    private bool _scheduled;
    private bool _newWorkFirst;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>The scheduler whose turn this thread is in.</summary>
    protected static TurnScheduler? Running => _current;

    protected Lock Gate { get; } = new();

    /// <summary>Whether continuations wait. Under <see cref="Gate"/>.</summary>
    protected bool HasContinuations => _continuations is { Count: > 0 };

    void IThreadPoolWorkItem.Execute()
    {
        // A task of this scheduler around all turns makes TaskScheduler.Current ours in each of them.
        var turns = new Task(TakeTurns, this);
        turns.Start(this);
        TryExecuteTask(turns);
    }

    /// <summary>Takes something new to begin, or null. Under <see cref="Gate"/>.</summary>
    protected abstract object? TakeWork();

    /// <summary>Begins what <see cref="TakeWork"/> gave. Must not throw.</summary>
    protected abstract void Begin(object work);

    /// <summary>Makes sure that turns will be taken. Under <see cref="Gate"/>; true means: call <see cref="Enqueue"/> after leaving it.</summary>
    protected bool NeedsThread()
    {
        if (_scheduled)
        {
            return false;
        }

        _scheduled = true;
        return true;
    }

    protected void Enqueue() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);

    protected sealed override void QueueTask(Task task)
    {
        if (ReferenceEquals(task.AsyncState, this))
        {
            return; // the task around the turns, which Execute runs itself
        }

        bool needsThread;
        lock (Gate)
        {
            (_continuations ??= new Queue<Task>()).Enqueue(task);
            needsThread = NeedsThread();
        }

        if (needsThread)
        {
            Enqueue();
        }
    }

    protected sealed override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(_current, this) && TryExecuteTask(task);

    protected sealed override IEnumerable<Task> GetScheduledTasks()
    {
        lock (Gate)
        {
            return _continuations?.ToArray() ?? [];
        }
    }

    private void RunTurns()
    {
        ExecutionContext? clean = ExecutionContext.Capture();
        _current = this;
        try
        {
            for (int turns = 0; turns < TurnsPerItem; turns++)
            {
                Task? continuation;
                object? work = null;
                lock (Gate)
                {
                    // In turn, so that neither a chain of continuations nor a flood of calls starves the other.
                    _newWorkFirst = !_newWorkFirst;
                    continuation = null;
                    if (_newWorkFirst || !TryTakeContinuation(out continuation))
                    {
                        work = TakeWork();
                        if (work is null && !TryTakeContinuation(out continuation))
                        {
                            _scheduled = false;
                            return;
                        }
                    }
                }

                if (continuation is not null)
                {
                    TryExecuteTask(continuation);
                }
                else
                {
                    Begin(work!);
                }

                // What a turn left in its async locals is not the next one's business.
                if (clean is not null && ExecutionContext.Capture() != clean)
                {
                    ExecutionContext.Restore(clean);
                }
            }
        }
        finally
        {
            _current = null;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private bool TryTakeContinuation(out Task? continuation)
    {
        continuation = null;
        return _continuations is not null && _continuations.TryDequeue(out continuation);
    }
}
