namespace RPort.Testing;

/// <summary>Time that stands still until the test moves it. Timers fire in their order inside <see cref="Advance"/> as it passes them.</summary>
public sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(int Timers, TaskCompletionSource Armed)> _waits = [];
    private DateTimeOffset _now = start;

    /// <summary>Starts at noon of an arbitrary day.</summary>
    public ManualTime()
        : this(new DateTimeOffset(2026, 3, 14, 12, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>How long until the next timer fires; null while none is armed.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count > 0 ? _timers.Min(static timer => timer.DueAt) - _now : null;
            }
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes once so many timers are armed: whoever is under test has reached its wait.</summary>
    public Task ArmedAsync(int timers)
    {
        TaskCompletionSource armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waits.Add((timers, armed));
            EndWaits();
        }

        return armed.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>Moves the time on and fires what became due. What the timers start is not waited for.</summary>
    public void Advance(TimeSpan by)
    {
        DateTimeOffset end = GetUtcNow() + by;
        while (true)
        {
            ManualTimer? next;
            lock (_lock)
            {
                next = _timers.Where(timer => timer.DueAt <= end).MinBy(timer => timer.DueAt);
                if (next is null)
                {
                    _now = end;
                    return;
                }

                _now = next.DueAt > _now ? next.DueAt : _now;
                next.Rearm();
            }

            next.Fire(); // in here, so that nothing of the past is still to come when this returns
        }
    }

    /// <summary>Under the lock.</summary>
    private void EndWaits()
    {
        foreach ((_, TaskCompletionSource armed) in _waits.Where(wait => wait.Timers <= _timers.Count))
        {
            armed.TrySetResult();
        }

        _waits.RemoveAll(static wait => wait.Armed.Task.IsCompleted);
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    return true;
                }

                if (dueTime > TimeSpan.Zero)
                {
                    DueAt = time._now + dueTime;
                    time._timers.Add(this);
                    time.EndWaits();
                    return true;
                }

                DueAt = time._now;
                time._timers.Add(this);
                Rearm();
            }

            ThreadPool.QueueUserWorkItem(_ => Fire()); // not in here: who arms a timer does not expect it to fire before it has it
            return true;
        }

        /// <summary>Called under the lock, when it is due.</summary>
        public void Rearm()
        {
            if (_period > TimeSpan.Zero)
            {
                DueAt += _period;
            }
            else
            {
                time._timers.Remove(this);
            }
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
