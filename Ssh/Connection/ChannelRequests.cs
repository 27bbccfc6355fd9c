namespace RPort.Ssh.Connection;

/// <summary>
/// Requests on one channel (RFC 4254 §5.4): ours wait for the peer's replies, the peer's are answered one after the other on the thread pool.
/// </summary>
internal sealed class ChannelRequests
{
    private readonly ChannelOutput _output;
    private readonly OutgoingRequests<bool> _outgoing = new();
    private readonly SerialWork _incoming;
    private readonly int _maxPending;
    private int _pending;

    public ChannelRequests(SshConnection connection, ChannelOutput output)
    {
        _output = output;
        _incoming = new SerialWork(connection.Closing, connection.ReportFailure);
        _maxPending = connection.Options.MaxPendingRequests;
    }

    /// <summary>The application's answer to the peer's requests; without it they are refused.</summary>
    public Func<SshChannelRequest, CancellationToken, ValueTask<bool>>? Handler { get; set; }

    public async ValueTask<bool> SendAsync(string type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        TaskCompletionSource<bool> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await _output.SendAsync(
            recipient => RequestMessage.EncodeChannel(recipient, type, wantsReply: true, payload.Span),
            () => _outgoing.Add(reply),
            cancellationToken).ConfigureAwait(false);
        return await reply.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public ValueTask NotifyAsync(string type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        _output.SendAsync(recipient => RequestMessage.EncodeChannel(recipient, type, wantsReply: false, payload.Span), null, cancellationToken);

    /// <summary>Holds the peer's requests back until <see cref="Resume"/>.</summary>
    public void Hold() => _incoming.Pause();

    public void Resume() => _incoming.Resume();

    /// <summary>Queues a request of the peer.</summary>
    /// <exception cref="SshProtocolException">Too many wait.</exception>
    public void OnRequest(RequestMessage request)
    {
        if (Interlocked.Increment(ref _pending) > _maxPending)
        {
            throw new SshProtocolException(SshDisconnectReason.ByApplication, "Too many requests on one channel wait for an answer.");
        }

        _incoming.Add(cancellationToken => AnswerAsync(request, cancellationToken));
    }

    /// <summary>The peer answers a request of ours.</summary>
    /// <exception cref="SshProtocolException">There is none.</exception>
    public void OnReply(bool success)
    {
        if (!_outgoing.TryComplete(success) && !_output.IsClosed)
        {
            throw new SshProtocolException("A reply came on a channel without a request.");
        }
    }

    /// <summary>Does something behind the peer's requests that came already. It must not block.</summary>
    public void Finally(Action action) => _incoming.Add(
        _ =>
        {
            action();
            return default;
        },
        atOnce: true);

    /// <summary>Fails our requests, waiting and to come.</summary>
    public void Abort(Func<Exception> error) => _outgoing.Abort(error);

    private async ValueTask AnswerAsync(RequestMessage request, CancellationToken cancellationToken)
    {
        bool success = false;
        try
        {
            if (Handler is { } handler)
            {
                success = await handler(new SshChannelRequest(request.Name, request.Payload, request.WantsReply), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _pending); // before the reply leaves, which lets the peer send the next request
            if (request.WantsReply)
            {
                await _output.AnswerAsync(success, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
