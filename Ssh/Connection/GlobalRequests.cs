using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Connection;

/// <summary>Global requests (RFC 4254 §4) in both directions. Replies come and go in the order of the requests; both sides' waiting ones are bounded.</summary>
internal sealed class GlobalRequests
{
    private readonly SshConnection _connection;
    private readonly PacketSender _sender;
    private readonly ISshPeerHandler _handler;
    private readonly SerialWork _incoming;
    private readonly OutgoingRequests<SshReply> _outgoing = new();
    private readonly SemaphoreSlim _slots;
    private readonly int _maxPending;
    private readonly RunningTasks _deferred = new();
    private Task _lastReply = Task.CompletedTask; // of those that were put off; never faults
    private int _pending;

    /// <param name="connection">The connection.</param>
    /// <param name="sender">The send loop.</param>
    /// <param name="handler">The application.</param>
    /// <param name="incoming">Where the application is asked, in order with everything else it is asked.</param>
    public GlobalRequests(SshConnection connection, PacketSender sender, ISshPeerHandler handler, SerialWork incoming)
    {
        _connection = connection;
        _sender = sender;
        _handler = handler;
        _incoming = incoming;
        _maxPending = connection.Options.MaxPendingRequests;
        _slots = new SemaphoreSlim(connection.Options.MaxUnansweredRequests);
    }

    public async ValueTask<SshReply> SendAsync(string name, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        byte[] message = RequestMessage.EncodeGlobal(name, wantsReply: true, payload.Span);
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        TaskCompletionSource<SshReply> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool Admit()
        {
            _outgoing.Add(reply);
            return true;
        }

        try
        {
            await _sender.QueueAsync(message, Admit, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _slots.Release(); // it never left
            throw;
        }

        return await reply.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public ValueTask NotifyAsync(string name, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        _sender.QueueAsync(RequestMessage.EncodeGlobal(name, wantsReply: false, payload.Span), null, cancellationToken);

    /// <exception cref="SshProtocolException">Malformed, or too many wait.</exception>
    public void OnRequest(ReadOnlySpan<byte> body)
    {
        if (!RequestMessage.TryRead(body, out RequestMessage request))
        {
            throw new SshProtocolException("GLOBAL_REQUEST is malformed.");
        }

        if (Interlocked.Increment(ref _pending) > _maxPending)
        {
            throw new SshProtocolException(SshDisconnectReason.ByApplication, "Too many requests wait for an answer.");
        }

        _incoming.Add(cancellationToken => AnswerAsync(request, cancellationToken));
    }

    /// <exception cref="SshProtocolException">There is no request.</exception>
    public void OnReply(SshReply reply)
    {
        if (!_outgoing.TryComplete(reply))
        {
            throw new SshProtocolException("A reply came without a request.");
        }

        _slots.Release();
    }

    /// <summary>Completes when no reply that was put off is being made any more. Called after the connection has closed.</summary>
    public Task WhenAnsweredAsync() => _deferred.WhenDoneAsync();

    /// <summary>Fails our requests, waiting and to come.</summary>
    public void Abort(SshCloseReason reason)
    {
        _outgoing.Abort(() => new SshConnectionClosedException(reason));
        _slots.Release(int.MaxValue / 2); // who waits for a slot gets one, and its request fails as the others did
    }

    private async ValueTask AnswerAsync(RequestMessage request, CancellationToken cancellationToken)
    {
        SshReply reply = SshReply.Fail();
        try
        {
            reply = await _handler.OnRequestAsync(
                _connection, new SshRequest(request.Name, request.Payload, request.WantsReply), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (reply.Later is null && (!request.WantsReply || _lastReply.IsCompleted))
            {
                await ReplyAsync(request, reply, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                // One request after the other comes here, so this is the order of the requests.
                _lastReply = ReplyLaterAsync(request, SettleAsync(reply, cancellationToken), _lastReply, cancellationToken);
                _deferred.Add(_lastReply);
            }
        }
    }

    /// <summary>Begins the answer at once, whatever answers are still waited for.</summary>
    private async Task<SshReply> SettleAsync(SshReply reply, CancellationToken cancellationToken)
    {
        if (reply.Later is not { } later)
        {
            return reply;
        }

        try
        {
            SshReply settled = await later(cancellationToken).ConfigureAwait(false);
            return settled.Later is null ? settled : SshReply.Fail();
        }
        catch (Exception e)
        {
            _connection.ReportFailure(e); // the edge of foreign code: the peer hears of a failure
            return SshReply.Fail();
        }
    }

    private async Task ReplyLaterAsync(RequestMessage request, Task<SshReply> settling, Task before, CancellationToken cancellationToken)
    {
        SshReply reply = await settling.ConfigureAwait(false);
        await before.ConfigureAwait(false);
        try
        {
            await ReplyAsync(request, reply, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SshException or OperationCanceledException)
        {
            // The connection closed: nobody waits for the answer.
        }
    }

    private async ValueTask ReplyAsync(RequestMessage request, SshReply reply, CancellationToken cancellationToken)
    {
        Interlocked.Decrement(ref _pending); // before the reply leaves, which lets the peer send the next request
        if (request.WantsReply)
        {
            byte[] message = [(byte)(reply.Success ? MessageNumber.RequestSuccess : MessageNumber.RequestFailure), .. reply.Payload.Span];
            await _sender.QueueAsync(message, null, cancellationToken).ConfigureAwait(false);
        }
    }
}
