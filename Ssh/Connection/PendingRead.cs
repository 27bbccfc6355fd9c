using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace RPort.Ssh.Connection;

/// <summary>
/// The one read that may wait on a stream of a channel. <see cref="Waiting"/> and <see cref="Destination"/> are guarded by the owner's lock; whoever
/// sets Waiting to false under it completes the read outside it.
/// </summary>
internal sealed class PendingRead : IValueTaskSource<int>
{
    private readonly Lock _gate;
    private ManualResetValueTaskSourceCore<int> _core;

    public PendingRead(Lock gate)
    {
        _gate = gate;
        _core.RunContinuationsAsynchronously = true;
    }

    /// <summary>Runs the code behind a read where it is completed. Set while none waits.</summary>
    public bool InlineContinuations
    {
        set => _core.RunContinuationsAsynchronously = !value;
    }

    public bool Waiting { get; private set; }

    public Memory<byte> Destination { get; private set; }

    /// <summary>Begins to wait. Under the lock.</summary>
    public ValueTask<int> Begin(Memory<byte> destination)
    {
        _core.Reset();
        Waiting = true;
        Destination = destination;
        return new ValueTask<int>(this, _core.Version);
    }

    /// <summary>Ends the wait. Under the lock.</summary>
    /// <returns>True when the caller has to complete it.</returns>
    public bool Take()
    {
        bool taken = Waiting;
        Waiting = false;
        Destination = default;
        return taken;
    }

    public void Complete(int bytes) => _core.SetResult(bytes);

    public void Fail(Exception error) => _core.SetException(error);

    /// <summary>Waits for a read that began, with a way out.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> WaitAsync(ValueTask<int> read, CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(static (self, token) => ((PendingRead)self!).Cancel(token), this))
        {
            return await read.ConfigureAwait(false);
        }
    }

    int IValueTaskSource<int>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        bool cancelled;
        lock (_gate)
        {
            cancelled = Take();
        }

        if (cancelled)
        {
            Fail(new OperationCanceledException(token));
        }
    }
}
