using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>
/// An object outside the grains that grains call. Held weakly; one call at a time, on the thread pool. A call to one that is gone is lost,
/// as in Orleans: its caller waits until the response timeout.
/// </summary>
internal sealed class ObserverTarget(Silo silo, GrainId grainId, IGrainObserver observer) : ICallTarget, IGrainContext, IThreadPoolWorkItem
{
    private readonly WeakReference<IGrainObserver> _observer = new(observer);
    private readonly Lock _gate = new();
    private Mailbox _mailbox;
    private bool _scheduled;
    private bool _watched;
    private bool _deleted;

    public GrainId GrainId => grainId;

    public object? GrainInstance => _observer.TryGetTarget(out IGrainObserver? target) ? target : null;

    public IServiceProvider ActivationServices => throw new NotSupportedException("An observer has no services of its own.");

    public Task Deactivated => Task.CompletedTask;

    /// <summary>Ends the reference; false when it had ended before.</summary>
    public bool Delete()
    {
        lock (_gate)
        {
            bool existed = !_deleted;
            _deleted = true;
            return existed;
        }
    }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        // An observer is not activated, so it cannot be deactivated.
    }

    public bool TryReceive(GrainCall call)
    {
        bool schedule = false;
        bool watch;
        lock (_gate)
        {
            if (silo.MailboxLimit > 0 && _mailbox.Count >= silo.MailboxLimit)
            {
                call.Fail(silo.Overloaded(_mailbox.Count, grainId));
                return true;
            }

            call.Target = this;
            _mailbox.Add(call);
            watch = !_watched;
            _watched = true;
            if (_deleted || GrainInstance is null)
            {
                silo.Log.ObserverGone(call);
            }
            else
            {
                schedule = !_scheduled;
                _scheduled = true;
            }
        }

        if (watch)
        {
            silo.Deadlines.Watch(this);
        }

        if (schedule)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        }

        return true;
    }

    public void Finish(GrainCall call, Task finished)
    {
        if (finished.IsFaulted && call.Method.IsOneWay)
        {
            silo.Log.OneWayFailed(call, CallOutcome.ExceptionOf(finished));
        }

        call.Answer(finished);
        Leave(call);
    }

    public void Post(Action action) => ThreadPool.UnsafeQueueUserWorkItem(static state => state(), action, preferLocal: false);

    public bool Expire(uint? now)
    {
        List<GrainCall>? expired = null;
        bool left;
        lock (_gate)
        {
            _mailbox.CollectExpired(now, ref expired);
            left = _watched = _mailbox.Count > 0;
        }

        expired?.ForEach(silo.Deadlines.Expire);
        return left;
    }

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => grainId.GetHashCode();

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            GrainCall? call;
            object? target;
            lock (_gate)
            {
                target = _deleted ? null : GrainInstance;
                call = target is null ? null : _mailbox.TakeNext(reentrant: false);
                if (call is null)
                {
                    _scheduled = false;
                    return;
                }
            }

            Begin(call, target!);
        }
    }

    private void Begin(GrainCall call, object target)
    {
        if (call.IsAnswered)
        {
            Leave(call); // its caller gave up while it waited
            return;
        }

        Task task = Invocation.Start(call, this, target, silo.Filters);
        if (task.IsCompleted)
        {
            Finish(call, task);
        }
        else
        {
            call.Follow(task);
        }
    }

    private void Leave(GrainCall call)
    {
        bool schedule;
        lock (_gate)
        {
            _mailbox.Done(call);
            schedule = _mailbox.Waiting > 0 && !_scheduled;
            _scheduled |= schedule;
        }

        if (schedule)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        }
    }
}
