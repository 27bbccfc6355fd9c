namespace RPort.Ssh.Transport;

/// <summary>The one close of a connection. The first reason wins, later ones are echoes.</summary>
/// <remarks>
/// (1) the reason is set; (2) the sender takes nothing new, DISCONNECT is queued behind what waits, and every waiting caller fails; (3) the send loop
/// ends, within CloseTimeout; (4) the peer reads it and ends the stream, or does not; (5) the stream is disposed and both loops are awaited;
/// (6) <see cref="Completion"/>.
/// </remarks>
internal sealed class CloseSequence
{
    // Long enough for a peer to read DISCONNECT and go. Cutting a socket with unread input would destroy what it has not read yet.
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromMilliseconds(500);

    private readonly SshConnectionOptions _options;
    private readonly Action<SshCloseReason> _stop;
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<SshCloseReason> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SshCloseReason? _reason;

    /// <param name="options">The connection's options.</param>
    /// <param name="stop">Step (2), once, on the thread of whoever closes.</param>
    public CloseSequence(SshConnectionOptions options, Action<SshCloseReason> stop)
    {
        _options = options;
        _stop = stop;
    }

    /// <summary>The reason, once the close has begun.</summary>
    public SshCloseReason? Reason => Volatile.Read(ref _reason);

    /// <summary>Fires at the beginning of the close.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Fires when the stream is cut: for the loops.</summary>
    public CancellationToken Cut => _abort.Token;

    /// <summary>Completes, and never faults, at step (6).</summary>
    public Task<SshCloseReason> Completion => _completion.Task;

    /// <summary>What listens to <see cref="Closing"/>, while it runs.</summary>
    public Task Listeners { get; private set; } = Task.CompletedTask;

    /// <summary>Begins the close, unless it has begun.</summary>
    public void Begin(SshCloseReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            _stop(reason);
            _requested.TrySetResult();
        }
    }

    /// <summary>Begins the close for an error of our own making or the peer's, which the peer is told of.</summary>
    public void Begin(Exception error) => Begin(new SshCloseReason(
        error switch
        {
            SshProtocolException e => e.Reason,
            SshAuthenticationException { Failure: SshAuthenticationFailure.HostKeyRefused } => SshDisconnectReason.HostKeyNotVerifiable,
            SshAuthenticationException => SshDisconnectReason.NoMoreAuthMethodsAvailable,
            _ => SshDisconnectReason.ByApplication,
        },
        error.Message,
        ByPeer: false,
        error));

    /// <summary>Begins the close because the stream failed: there is nobody to tell.</summary>
    public void StreamFailed(Exception error) =>
        Begin(new SshCloseReason(SshDisconnectReason.None, $"the stream failed: {error.Message}", ByPeer: true, error));

    /// <exception cref="SshConnectionClosedException">The close has begun.</exception>
    public void ThrowIfBegun()
    {
        if (_reason is not null)
        {
            throw new SshConnectionClosedException(_reason);
        }
    }

    /// <summary>Waits for the close and does steps (3) to (6).</summary>
    /// <param name="stream">The connection's stream.</param>
    /// <param name="send">The send loop; never faults.</param>
    /// <param name="receive">The receive loop; never faults.</param>
    /// <param name="parts">What only the loops use.</param>
    public async Task RunAsync(Stream stream, Task send, Task receive, params IDisposable[] parts)
    {
        await _requested.Task.ConfigureAwait(false);
        Listeners = _closing.CancelAsync(); // not waited for here: what listens to it is the application's code

        TimeSpan farewell = _options.CloseTimeout < LongestFarewell ? _options.CloseTimeout : LongestFarewell;
        await WaitAsync(send, _options.CloseTimeout).ConfigureAwait(false); // (3)
        await WaitAsync(receive, farewell).ConfigureAwait(false); // (4)
        await _abort.CancelAsync().ConfigureAwait(false); // (5)
        try
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The edge of foreign code, and the reason of the close is known.
        }

        await send.ConfigureAwait(false);
        await receive.ConfigureAwait(false);
        foreach (IDisposable part in parts)
        {
            part.Dispose();
        }

        _completion.TrySetResult(_reason!); // (6)
    }

    private async Task WaitAsync(Task loop, TimeSpan longest)
    {
        try
        {
            await loop.WaitAsync(longest, _options.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The peer does not read, or does not leave: the stream is cut.
        }
    }
}
