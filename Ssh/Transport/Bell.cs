using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace RPort.Ssh.Transport;

/// <summary>What a loop waits at without a thread. Who rings it runs the loop on its own thread. One wait at a time; its owner's lock orders both ends.</summary>
internal sealed class Bell : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;

    /// <summary>Makes it ready for a wait. Under the owner's lock, so that nobody can ring before.</summary>
    public void Reset() => _core.Reset();

    /// <summary>Ends the wait. Once for each <see cref="Reset"/>, outside the lock.</summary>
    public void Ring() => _core.SetResult(true);

    /// <summary>Waits for the ring; always true.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> WaitAsync()
    {
        await new ValueTask(this, _core.Version).ConfigureAwait(false);
        return true;
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
