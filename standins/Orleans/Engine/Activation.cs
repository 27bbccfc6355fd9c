using Microsoft.Extensions.DependencyInjection;
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
    private AsyncServiceScope? _scope;
    private List<GrainTimer>? _timers;
    private List<IActivationState>? _states;
    private Task? _transition;
    private CancellationTokenSource? _coming;
    private TaskCompletionSource? _gone;
    private DeactivationReason _reason;
    private bool _wasActive;
    private long _lastUse = silo.Deadlines.CoarseTime;
    private DateTimeOffset _keepUntil;

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

    public object? GrainInstance { get; private set; }

    public IServiceProvider ActivationServices =>
        (_scope ?? throw new InvalidOperationException($"Grain {grainId} has no services yet.")).ServiceProvider;

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
        bool needsThread;
        lock (Gate)
        {
            if (_phase >= Phase.Leaving || _reason.ReasonCode != DeactivationReasonCode.None)
            {
                return;
            }

            _reason = deactivationReason;
            if (_phase == Phase.Coming)
            {
                _coming?.Cancel(); // what is under way ends first, and finds the reason
                return;
            }

            _wasActive = _phase == Phase.Active;
            _phase = Phase.Leaving;
            needsThread = NeedsThread();
        }

        if (needsThread)
        {
            Enqueue();
        }
    }

    public void DelayDeactivation(TimeSpan time)
    {
        lock (Gate)
        {
            DateTimeOffset now = silo.Clock.GetUtcNow();
            bool forEver = time == TimeSpan.MaxValue || time == Timeout.InfiniteTimeSpan || time > DateTimeOffset.MaxValue - now;
            _keepUntil = forEver ? DateTimeOffset.MaxValue : time <= TimeSpan.Zero ? default : now + time;
        }
    }

    /// <summary>Begins to leave if nobody has called for as long as the class may idle.</summary>
    public void LeaveIfIdle(DateTimeOffset now, TimeSpan age)
    {
        lock (Gate)
        {
            if (_phase != Phase.Active || _mailbox.Count > 0 || HasContinuations || now < _keepUntil
                || silo.Clock.GetElapsedTime(_lastUse) < age)
            {
                return;
            }
        }

        Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"Activation has been idle for at least {age}."));
    }

    public GrainTimer StartTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(this, callback, options);
        lock (Gate)
        {
            (_timers ??= []).Add(timer);
        }

        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    public void Forget(GrainTimer timer)
    {
        lock (Gate)
        {
            _timers?.Remove(timer);
        }
    }

    /// <summary>State that is read before the grain is activated.</summary>
    public void Register(IActivationState state) => (_states ??= []).Add(state);

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
                _lastUse = silo.Deadlines.CoarseTime;
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

        Task task;
        try
        {
            task = silo.Filters.Length > 0 || GrainInstance is IIncomingGrainCallFilter
                ? new IncomingCall(call, this, GrainInstance!, silo.Filters).RunAsync()
                : call.Start(GrainInstance!) ?? throw new InvalidOperationException($"{call.Method} returned null instead of a task.");
        }
        catch (Exception exception)
        {
            task = Task.FromException(exception);
        }

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
            _scope = silo.Services.CreateAsyncScope();
            GrainInstance = grainClass.Create(this);
            if (_states is not null)
            {
                await Task.WhenAll(_states.Select(state => state.LoadAsync(deadline.Token))).WaitAsync(deadline.Token);
            }

            if (GrainInstance is IGrainBase grain)
            {
                await grain.OnActivateAsync(deadline.Token).WaitAsync(deadline.Token);
            }
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
                _lastUse = silo.Deadlines.CoarseTime;
                return;
            }
        }

        await LeaveCatalogAsync(failure);
    }

    private async Task GoAsync()
    {
        DisposeTimers();
        if (_wasActive && GrainInstance is IGrainBase grain)
        {
            using var deadline = new CancellationTokenSource(silo.Collection.DeactivationTimeout, silo.Clock);
            try
            {
                await grain.OnDeactivateAsync(_reason, deadline.Token).WaitAsync(deadline.Token);
            }
            catch (Exception exception)
            {
                silo.Log.DeactivationFailed(grainId, exception); // all is caught: the activation goes in any case
            }
        }

        await LeaveCatalogAsync(null);
    }

    private async Task LeaveCatalogAsync(Exception? failure)
    {
        DisposeTimers();
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

        try
        {
            await DisposeGrainAsync();
        }
        catch (Exception exception)
        {
            silo.Log.DisposalFailed(grainId, exception); // all is caught: nobody is left to tell
        }

        // References may remember this activation for long; what it held need not live as long as they.
        GrainInstance = null;
        _scope = null;
        _states = null;
        gone.TrySetResult();
    }

    private async ValueTask DisposeGrainAsync()
    {
        if (GrainInstance is IAsyncDisposable asyncDisposable)
        {
            await asyncDisposable.DisposeAsync();
        }
        else
        {
            (GrainInstance as IDisposable)?.Dispose();
        }

        if (_scope is { } scope)
        {
            await scope.DisposeAsync();
        }
    }

    private void DisposeTimers()
    {
        List<GrainTimer>? timers;
        lock (Gate)
        {
            timers = _timers;
            _timers = null;
        }

        timers?.ForEach(timer => timer.Dispose());
    }
}
