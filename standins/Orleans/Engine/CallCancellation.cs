namespace Orleans.Engine;

/// <summary>
/// Carries a caller's cancellation to the callee. The caller is answered at once; the callee's own token fires in one of its turns,
/// so that what it registered runs on its scheduler.
/// </summary>
internal sealed class CallCancellation : IDisposable
{
    private readonly CancellationTokenSource _callee = new();
    private readonly CancellationTokenRegistration _registration;
    private readonly GrainCall _call;

    public CallCancellation(GrainCall call, CancellationToken callerToken)
    {
        _call = call;
        _registration = callerToken.UnsafeRegister(static (state, token) => ((CallCancellation)state!).Cancel(token), this);
    }

    public CancellationToken CalleeToken => _callee.Token;

    // The source of the callee's token has no timer and no handle: it needs no disposal, and the callee may still hold the token.
    public void Dispose() => _registration.Unregister();

    private void Cancel(CancellationToken callerToken)
    {
        _call.Fail(new OperationCanceledException(callerToken));
        if (_call.Target is { } target)
        {
            target.Post(_callee.Cancel);
        }
        else
        {
            _callee.Cancel();
        }
    }
}
