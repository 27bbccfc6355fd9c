using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>
/// One call on its way: what is called, who waits for it, and its place in the lists of a <see cref="Mailbox"/>.
/// Whoever answers first (the grain, a deadline, the caller's token) wins; later answers are dropped.
/// </summary>
internal abstract class GrainCall
{
    private Action? _onTaskDone;
    private Task? _task;
    private CallCancellation? _cancellation;

    public GrainMethod Method { get; set; } = null!;

    /// <summary>Who is called; kept for messages only.</summary>
    public GrainId TargetId { get; set; }

    /// <summary>The grain that calls; default when the call comes from outside.</summary>
    public GrainId SourceId { get; set; }

    /// <summary>The target that runs or holds this call now.</summary>
    public ICallTarget? Target { get; set; }

    /// <summary>The tick of <see cref="CallDeadlines"/> after which the caller is told that nobody answered.</summary>
    public uint ExpiresAt { get; set; }

    public GrainCall? Next { get; set; }

    public GrainCall? Previous { get; set; }

    /// <summary>Whether the caller has its answer, so that a call that has not begun need not begin.</summary>
    public abstract bool IsAnswered { get; }

    /// <summary>Whether this call counts as use of the grain.</summary>
    public virtual bool KeepsAlive => true;

    /// <summary>Whether the call is the activation's own and ends with it instead of moving on to the next one.</summary>
    public virtual bool IsLocal => false;

    /// <summary>The token argument, if the method has one.</summary>
    public virtual CancellationToken Token
    {
        get => default;
        set { }
    }

    public CallCancellation? Cancellation => _cancellation;

    /// <summary>Calls the method on the target. Runs on the target's scheduler; may throw.</summary>
    public abstract Task Start(object target);

    /// <summary>What the finished, successful task returned, for filters.</summary>
    public abstract object? ResultOf(Task finished);

    /// <summary>Answers with the outcome of a finished task.</summary>
    public abstract void Answer(Task finished);

    /// <summary>Answers with a result that a filter set.</summary>
    public abstract void AnswerWith(object? result);

    public abstract void Fail(Exception exception);

    public void LinkCancellation(CancellationToken callerToken)
    {
        _cancellation = new CallCancellation(this, callerToken);
        Token = _cancellation.CalleeToken;
    }

    /// <summary>Tells the target when the task, which is still running, has ended.</summary>
    public void Follow(Task task)
    {
        _task = task;
        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onTaskDone ??= () => Target!.Finish(this, _task!));
    }

    public override string ToString() => $"{Method} to {TargetId}" + (SourceId.IsDefault ? "" : $" from {SourceId}");
}

/// <summary>A call whose caller gets a <typeparamref name="T"/>.</summary>
internal abstract class GrainCall<T> : GrainCall
{
    // The caller's continuation must never run inside the callee's turn.
    private readonly TaskCompletionSource<T> _promise = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Promise => _promise.Task;

    public override bool IsAnswered => _promise.Task.IsCompleted;

    public override void Answer(Task finished)
    {
        if (IsAnswered)
        {
            return;
        }

        if (finished.IsCompletedSuccessfully)
        {
            Resolve(TypedResultOf(finished));
        }
        else
        {
            Fail(CallOutcome.ExceptionOf(finished));
        }
    }

    public override void AnswerWith(object? result) => Resolve((T)result!);

    public override void Fail(Exception exception)
    {
        // Nobody awaits a one-way call: its exception would only come back as unobserved.
        if (!Method.IsOneWay)
        {
            _promise.TrySetException(exception);
        }

        Cancellation?.Dispose();
    }

    protected abstract T TypedResultOf(Task finished);

    private void Resolve(T result)
    {
        _promise.TrySetResult(result);
        Cancellation?.Dispose();
    }
}

/// <summary>A call of a method that returns a Task or ValueTask without a result, or nothing.</summary>
internal abstract class PlainCall : GrainCall<object?>
{
    public override object? ResultOf(Task finished) => null;

    protected override object? TypedResultOf(Task finished) => null;
}

/// <summary>A call of a method that returns a Task or ValueTask with a result.</summary>
internal abstract class ValueCall<T> : GrainCall<T>
{
    public override object? ResultOf(Task finished) => ((Task<T>)finished).Result;

    protected override T TypedResultOf(Task finished) => ((Task<T>)finished).Result;
}
