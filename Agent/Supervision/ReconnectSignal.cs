namespace RPort.Agent.Supervision;

/// <summary>Somebody wants a new connection now. Signals that nobody waits for are kept, as one.</summary>
internal sealed class ReconnectSignal
{
    private readonly SemaphoreSlim _given = new(0, 1);

    public void Give()
    {
        try
        {
            _given.Release();
        }
        catch (SemaphoreFullException)
        {
            // One is waiting to be seen already.
        }
    }

    /// <summary>True when the signal came, false when the time was up first.</summary>
    public async Task<bool> WaitAsync(TimeSpan atMost, TimeProvider clock, CancellationToken cancellationToken)
    {
        using CancellationTokenSource time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using CancellationTokenSource up = new(atMost, clock);
        using CancellationTokenRegistration link = up.Token.Register(static state => ((CancellationTokenSource)state!).Cancel(), time);
        try
        {
            await _given.WaitAsync(time.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
