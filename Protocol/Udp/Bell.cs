using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace RPort.Protocol.Udp;

/// <summary>
/// Wakes the one who waits. Any number of callers ring; a ring that nobody waits for is kept, several as one. Who waited goes on inside
/// <see cref="Ring"/>, without a thread switch: it must not block, and nobody rings while holding a lock.
/// </summary>
public sealed class Bell : IValueTaskSource
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _core; // reset by the one who waits, while Waiting is false
    private bool _rung;
    private bool _waiting;

    /// <summary>Ends the wait; the next one, if nobody waits.</summary>
    public void Ring()
    {
        lock (_gate)
        {
            if (!_waiting)
            {
                _rung = true;
                return;
            }

            _waiting = false;
        }

        _core.SetResult(true);
    }

    /// <summary>Waits for a ring. For one caller.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        ValueTask wait;
        lock (_gate)
        {
            if (_rung)
            {
                _rung = false;
                return;
            }

            _core.Reset();
            _waiting = true;
            wait = new ValueTask(this, _core.Version);
        }

        using (cancellationToken.UnsafeRegister(static (self, token) => ((Bell)self!).Cancel(token), this))
        {
            await wait.ConfigureAwait(false);
        }
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        lock (_gate)
        {
            if (!_waiting)
            {
                return;
            }

            _waiting = false;
        }

        _core.SetException(new OperationCanceledException(token));
    }
}
