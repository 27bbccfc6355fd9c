using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Engine;

/// <summary>
/// A grain in memory: its object, its calls and its turns. Comes by the first call, goes when idle, told to or failed. Calls that still
/// wait when it goes move on, in order, to the next activation of the same grain.
/// </summary>
internal sealed class Activation(Silo silo, GrainClass grainClass, GrainId grainId) : TurnScheduler, ICallTarget, IGrainContext
{
    private static readonly object Coming = new();
    private static readonly object Going = new();

    private Mailbox _mailbox;
    private Phase _phase;
    private bool _watched;
    private GrainBody? _body;
    private Task? _transition;
    private CancellationTokenSource? _coming;
    private TaskCompletionSource? _gone;
    private DeactivationReason _reason;
    private bool _wasActive;
    private Idleness _idleness;

    private enum Phase : byte
    {
        New,
        Coming,
        Active,
        Leaving,
        Going,
        Gone,
    }

    /// <summary>The activation whose turn this thread is in, or null.</summary>
    public static new Activation? Current => Running as Activation;

    public Silo Silo => silo;

    public GrainClass GrainClass => grainClass;

    public GrainId GrainId => grainId;

    public object? GrainInstance => _body?.Instance;

    public IServiceProvider ActivationServices => Body.Services;

    public Task Deactivated
    {
        get
        {
            lock (Gate)
            {
                return (_gone ??= NewGone()).Task;
            }
        }
    }

    /// <summary>The coming or going that was last under way. Awaited when the silo stops; would fault only by a mistake of the engine.</summary>
    public Task Transition => _transition ?? Task.CompletedTask;

    private GrainBody Body => _body ?? throw new InvalidOperationException($"Grain {grainId} is not active.");

    /// <summary>Throws outside of any grain's turn.</summary>
    public static void CheckAccess()
    {
        if (Current is null)
        {
            throw new InvalidOperationException(
                "Activation access violation. A non-activation thread attempted to access activation services.");
        }
    }

    public bool TryReceive(GrainCall call)
    {
        bool needsThread;
        bool watch;
        lock (Gate)
        {
            if (_phase == Phase.Gone || (call.IsLocal && _phase > Phase.Active))
            {
                return false;
            }

            if (!call.IsLocal && silo.MailboxLimit > 0 && _mailbox.Count >= silo.MailboxLimit)
            {
                call.Fail(silo.Overloaded(_mailbox.Count, grainId));
                return true;
            }

            call.Target = this;
            _mailbox.Add(call);
            watch = !_watched;
            _watched = true;
            needsThread = NeedsThread();
        }

        if (watch)
        {
            silo.Deadlines.Watch(this);
        }

        if (needsThread)
        {
            Enqueue();
        }

        return true;
    }

    /// <summary>Takes over the calls that waited for the activation before this one, in order, without beginning any.</summary>
    public void Adopt(GrainCall? first)
    {
        lock (Gate)
        {
            for (GrainCall? call = first, following; call is not null; call = following)
            {
                following = call.Next;
                call.Target = this;
                _mailbox.Add(call);
            }

            _watched = true;
        }
    }

    /// <summary>Begins what was adopted. After this activation can be found by its grain's id.</summary>
    public void BeginAdopted()
    {
        silo.Deadlines.Watch(this);
        bool needsThread;
        lock (Gate)
        {
            needsThread = NeedsThread();
        }

        if (needsThread)
        {
            Enqueue();
        }
    }

    public void Finish(GrainCall call, Task finished)
    {
        // The grain goes before its caller knows, so that the caller's next call finds the new activation.
        if (finished.IsFaulted && CallOutcome.ExceptionOf(finished) is InconsistentStateException { IsSourceActivation: true } conflict)
        {
            conflict.IsSourceActivation = false;
            Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, conflict, conflict.Message));
        }

        if (finished.IsFaulted && call.Method.IsOneWay)
        {
            silo.Log.OneWayFailed(call, CallOutcome.ExceptionOf(finished));
        }

        call.Answer(finished);
        Leave(call);
    }

    public void Post(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);

    public bool Expire(uint? now)
    {
        List<GrainCall>? expired = null;
        bool left;
        lock (Gate)
        {
            _mailbox.CollectExpired(now, ref expired);
            left = _watched = _mailbox.Count > 0;
        }

        expired?.ForEach(silo.Deadlines.Expire);
        return left;
    }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        bool needsThread = false;
        bool coming;
        lock (Gate)
        {
            if (_phase >= Phase.Leaving || _reason.ReasonCode != DeactivationReasonCode.None)
            {
                return;
            }

            _reason = deactivationReason;
            coming = _phase == Phase.Coming;
            if (!coming)
            {
                _wasActive = _phase == Phase.Active;
                _phase = Phase.Leaving;
                needsThread = NeedsThread();
            }
        }

        if (coming)
        {
            Post(() => _coming?.Cancel()); // what is under way ends first, and finds the reason
        }
        else if (needsThread)
        {
            Enqueue();
        }
    }

    public void DelayDeactivation(TimeSpan time)
    {
        lock (Gate)
        {
            _idleness.Keep(time, silo.Clock.GetUtcNow());
        }
    }

    /// <summary>Begins to leave if nobody has called for as long as the class may idle.</summary>
    public void LeaveIfIdle(DateTimeOffset now, TimeSpan age)
    {
        lock (Gate)
        {
            if (_phase != Phase.Active || _mailbox.Count > 0 || HasContinuations || !_idleness.IsOver(silo, now, age))
            {
                return;
            }
        }

        Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"Activation has been idle for at least {age}."));
    }

    public GrainTimer StartTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(this, callback, options);
        Body.Add(timer);
        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    public void Forget(GrainTimer timer) => _body?.Remove(timer);

    /// <summary>State that is read before the grain is activated.</summary>
    public void Register(IActivationState state) => Body.Add(state);

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => base.GetHashCode();

    public override string ToString() => $"[Activation: {grainId}]";

    protected override object? TakeWork()
    {
        switch (_phase)
        {
            case Phase.New:
                _phase = Phase.Coming;
                return Coming;
            case Phase.Leaving when _mailbox.Running == 0:
                _phase = Phase.Going;
                return Going;
            case Phase.Active:
                return _mailbox.TakeNext(grainClass.IsReentrant);
            default:
                return null;
        }
    }

    protected override void Begin(object work)
    {
        if (ReferenceEquals(work, Coming))
        {
            _transition = ComeAsync();
        }
        else if (ReferenceEquals(work, Going))
        {
            _transition = GoAsync();
        }
        else
        {
            BeginCall((GrainCall)work);
        }
    }

    private static TaskCompletionSource NewGone() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Leave(GrainCall call)
    {
        bool needsThread;
        lock (Gate)
        {
            _mailbox.Done(call);
            if (call.KeepsAlive)
            {
                _idleness.Use(silo);
            }

            needsThread = (_mailbox.Waiting > 0 || _phase == Phase.Leaving) && NeedsThread();
        }

        if (needsThread)
        {
            Enqueue();
        }
    }

    private void BeginCall(GrainCall call)
    {
        if (call.IsAnswered)
        {
            Leave(call); // its caller gave up while it waited
            return;
        }

        Task task = Invocation.Start(call, this, GrainInstance!, silo.Filters);
        if (task.IsCompleted)
        {
            Finish(call, task);
        }
        else
        {
            call.Follow(task);
        }
    }

    private async Task ComeAsync()
    {
        Exception? failure = null;
        using var deadline = new CancellationTokenSource(silo.Collection.ActivationTimeout, silo.Clock);
        lock (Gate)
        {
            _coming = deadline;
        }

        try
        {
            _body = new GrainBody(this);
            await _body.ComeAsync(deadline.Token);
        }
        catch (Exception exception)
        {
            // All is caught: whatever the grain throws is the answer to those who called it.
            failure = exception;
        }

        lock (Gate)
        {
            _coming = null;
            if (_reason.ReasonCode != DeactivationReasonCode.None)
            {
                // Told to go while it came: that is no failure, and the calls get another activation.
                failure = failure is OperationCanceledException or ObjectDisposedException ? null : failure;
                _phase = Phase.Going;
            }
            else if (failure is not null)
            {
                _reason = new DeactivationReason(DeactivationReasonCode.ActivationFailed, failure, "Failed to activate grain.");
                _phase = Phase.Going;
            }
            else
            {
                _phase = Phase.Active;
                _idleness.Use(silo);
                return;
            }
        }

        await LeaveCatalogAsync(failure);
    }

    private async Task GoAsync()
    {
        if (_wasActive)
        {
            await Body.GoAsync(_reason);
        }

        await LeaveCatalogAsync(null);
    }

    private async Task LeaveCatalogAsync(Exception? failure)
    {
        if (failure is not null)
        {
            silo.Log.ActivationFailed(grainId, failure);
        }

        GrainCall? rejected;
        TaskCompletionSource gone;
        lock (Gate)
        {
            rejected = silo.Catalog.Replace(this, _mailbox.TakeAllWaiting(), failure is null);
            _phase = Phase.Gone;
            gone = _gone ??= NewGone();
        }

        for (GrainCall? call = rejected, next; call is not null; call = next)
        {
            next = call.Next;
            call.Fail(failure ?? new SiloUnavailableException($"The silo is stopping: {call}."));
        }

        await (_body?.DisposeAsync() ?? default);
        _body = null; // references may remember this activation for long; the grain need not live as long as they
        gone.TrySetResult();
    }
}
