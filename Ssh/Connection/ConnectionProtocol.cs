using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Connection;

/// <summary>
/// The connection protocol (RFC 4254): global requests and channels, for both roles. Messages come from the receive loop; what the application decides
/// is asked on the thread pool, in order.
/// </summary>
internal sealed class ConnectionProtocol
{
    private readonly SshConnection _connection;
    private readonly SshConnectionOptions _options;
    private readonly ISshPeerHandler _handler;
    private readonly PacketSender _sender;
    private readonly ChannelTable _channels;
    private readonly ReceiveBudget _budget;
    private readonly SerialWork _incoming;
    private readonly OutgoingRequests<SshReply> _requests = new();
    private readonly SemaphoreSlim _requestSlots;
    private int _pendingOpens;
    private int _pendingRequests;

    public ConnectionProtocol(SshConnection connection, PacketSender sender, ISshPeerHandler handler)
    {
        _connection = connection;
        _options = connection.Options;
        _handler = handler;
        _sender = sender;
        _channels = new ChannelTable(_options.MaxChannels);
        _budget = new ReceiveBudget(_options.MaxUnreadBytes);
        _incoming = new SerialWork(connection.Closing, connection.ReportFailure);
        _requestSlots = new SemaphoreSlim(_options.MaxPendingRequests, _options.MaxPendingRequests);
    }

    /// <summary>Handles the messages from 80 up.</summary>
    /// <returns>False for a number that is not known.</returns>
    /// <exception cref="SshProtocolException">Malformed, out of order, or over a limit.</exception>
    public bool TryHandle(MessageNumber number, ReadOnlySpan<byte> body)
    {
        switch (number)
        {
            case MessageNumber.GlobalRequest:
                OnGlobalRequest(body);
                return true;
            case MessageNumber.RequestSuccess or MessageNumber.RequestFailure:
                OnReply(new SshReply(number == MessageNumber.RequestSuccess, body.ToArray()));
                return true;
            case MessageNumber.ChannelOpen:
                OnOpen(body);
                return true;
            case MessageNumber.ChannelOpenConfirmation:
                OnConfirmation(body);
                return true;
            case MessageNumber.ChannelOpenFailure:
                OnOpenFailure(body);
                return true;
            case >= MessageNumber.ChannelWindowAdjust and <= MessageNumber.ChannelFailure:
                OnChannelMessage(number, body);
                return true;
            default:
                return false;
        }
    }

    public async ValueTask<SshReply> RequestAsync(string name, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        byte[] message = RequestMessage.EncodeGlobal(name, wantsReply: true, payload.Span);
        await _requestSlots.WaitAsync(cancellationToken).ConfigureAwait(false);
        TaskCompletionSource<SshReply> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool Admit()
        {
            _requests.Add(reply);
            return true;
        }

        try
        {
            await _sender.QueueAsync(message, Admit, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _requestSlots.Release(); // it never left
            throw;
        }

        return await reply.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public ValueTask NotifyAsync(string name, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        _sender.QueueAsync(RequestMessage.EncodeGlobal(name, wantsReply: false, payload.Span), null, cancellationToken);

    public async ValueTask<SshChannel> OpenChannelAsync(string type, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        SshChannel channel = _channels.TryAdd(number => Create(number, type, opening: true)) ?? throw new SshChannelOpenException(
            SshChannelOpenFailure.ResourceShortage, $"{_options.MaxChannels} channels are open on this connection.");
        byte[] message = ChannelOpenMessage.Encode(
            type, channel.Number, channel.Input.InitialWindow, (uint)_options.MaxChannelDataBytes, data.Span);
        try
        {
            await _sender.QueueAsync(message, null, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Forget(channel); // the peer never heard of it
            throw;
        }

        try
        {
            await channel.Opening!.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return channel;
        }
        catch (OperationCanceledException)
        {
            Abandon(channel);
            throw;
        }
    }

    /// <summary>The connection ended: everything that waits, waits no more.</summary>
    public void Abort(SshCloseReason reason)
    {
        foreach (SshChannel channel in _channels.Close(reason))
        {
            channel.Abort(reason);
        }

        _requests.Abort(() => new SshConnectionClosedException(reason));
    }

    /// <summary>Completes when no function of the application runs any more.</summary>
    public async Task WhenIdleAsync()
    {
        await _incoming.Pump.ConfigureAwait(false);
        foreach (SshChannel channel in _channels.Close(new SshCloseReason(SshDisconnectReason.None, "closed", ByPeer: false)))
        {
            await channel.Serving.ConfigureAwait(false);
        }
    }

    private SshChannel Create(uint number, string type, bool opening) =>
        new(_connection, _channels, new ReceiveWindow(_budget, _options.InitialWindowBytes, _options.MaxWindowBytes), _sender, number, type)
        {
            Opening = opening ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null,
        };

    private void Forget(SshChannel channel)
    {
        _channels.Remove(channel.Number);
        channel.Input.Release();
    }

    private static void Abandon(SshChannel channel)
    {
        bool opened;
        lock (channel.Opening!)
        {
            channel.Abandoned = true;
            opened = channel.Opening.Task.IsCompletedSuccessfully;
        }

        if (opened)
        {
            channel.Close();
        }
    }

    private void OnGlobalRequest(ReadOnlySpan<byte> body)
    {
        if (!RequestMessage.TryRead(body, out RequestMessage request))
        {
            throw new SshProtocolException("GLOBAL_REQUEST is malformed.");
        }

        if (Interlocked.Increment(ref _pendingRequests) > _options.MaxPendingRequests
            || !_incoming.TryAdd(cancellationToken => AnswerAsync(request, cancellationToken), int.MaxValue))
        {
            throw new SshProtocolException(SshDisconnectReason.ByApplication, "Too many requests wait for an answer.");
        }
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
            if (request.WantsReply)
            {
                byte[] message = [(byte)(reply.Success ? MessageNumber.RequestSuccess : MessageNumber.RequestFailure), .. reply.Payload.Span];
                await _sender.QueueAsync(message, null, cancellationToken).ConfigureAwait(false);
            }

            Interlocked.Decrement(ref _pendingRequests);
        }
    }

    private void OnReply(SshReply reply)
    {
        if (!_requests.TryComplete(reply))
        {
            throw new SshProtocolException("A reply came without a request.");
        }

        _requestSlots.Release();
    }

    private void OnOpen(ReadOnlySpan<byte> body)
    {
        if (!ChannelOpenMessage.TryRead(body, out ChannelOpenMessage open) || open.MaxPacket == 0)
        {
            throw new SshProtocolException("CHANNEL_OPEN is malformed.");
        }

        if (Interlocked.Increment(ref _pendingOpens) > _options.MaxPendingOpens
            || !_incoming.TryAdd(cancellationToken => DecideAsync(open, cancellationToken), int.MaxValue))
        {
            throw new SshProtocolException(SshDisconnectReason.ByApplication, "Too many channel opens wait for a verdict.");
        }
    }

    private async ValueTask DecideAsync(ChannelOpenMessage open, CancellationToken cancellationToken)
    {
        SshChannelVerdict verdict = SshChannelVerdict.Reject(SshChannelOpenFailure.ConnectFailed, "the open could not be handled");
        try
        {
            verdict = await _handler.OnChannelOpenAsync(_connection, new SshChannelOpen(open.Type, open.Data), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await ApplyAsync(open, verdict, cancellationToken).ConfigureAwait(false);
            Interlocked.Decrement(ref _pendingOpens);
        }
    }

    private async ValueTask ApplyAsync(ChannelOpenMessage open, SshChannelVerdict verdict, CancellationToken cancellationToken)
    {
        SshChannel? channel = verdict.Serve is null ? null : _channels.TryAdd(number => Create(number, open.Type, opening: false));
        if (channel is null)
        {
            byte[] refusal = verdict.Serve is null
                ? new ChannelOpenFailureMessage(open.Sender, verdict.Reason, verdict.Text).Encode()
                : new ChannelOpenFailureMessage(open.Sender, SshChannelOpenFailure.ResourceShortage, "too many channels").Encode();
            await _sender.QueueAsync(refusal, null, cancellationToken).ConfigureAwait(false);
            return;
        }

        channel.HoldRequests(); // the function below sets its handler first
        channel.Output.Attach(open.Sender, open.Window, open.MaxPacket);
        byte[] confirmation = new ChannelOpenConfirmationMessage(
            open.Sender, channel.Number, channel.Input.InitialWindow, (uint)_options.MaxChannelDataBytes).Encode();
        await _sender.QueueAsync(confirmation, null, cancellationToken).ConfigureAwait(false);
        channel.Serve(verdict.Serve!);
    }

    private void OnConfirmation(ReadOnlySpan<byte> body)
    {
        if (!ChannelOpenConfirmationMessage.TryRead(body, out ChannelOpenConfirmationMessage confirmation))
        {
            throw new SshProtocolException("CHANNEL_OPEN_CONFIRMATION is malformed.");
        }

        SshChannel channel = FindOpening(confirmation.Recipient);
        channel.Output.Attach(confirmation.Sender, confirmation.Window, confirmation.MaxPacket);
        bool abandoned;
        lock (channel.Opening!)
        {
            channel.Opening.TrySetResult();
            abandoned = channel.Abandoned;
        }

        if (abandoned)
        {
            channel.Close();
        }
    }

    private void OnOpenFailure(ReadOnlySpan<byte> body)
    {
        if (!ChannelOpenFailureMessage.TryRead(body, out ChannelOpenFailureMessage failure))
        {
            throw new SshProtocolException("CHANNEL_OPEN_FAILURE is malformed.");
        }

        SshChannel channel = FindOpening(failure.Recipient);
        Forget(channel);
        channel.Opening!.TrySetException(new SshChannelOpenException(failure.Reason, $"The peer refused the channel: {failure.Text}"));
        _ = channel.Opening.Task.Exception; // its caller may have gone
    }

    private SshChannel FindOpening(uint number) =>
        _channels.Find(number) is { Opening.Task.IsCompleted: false } channel
            ? channel
            : throw new SshProtocolException($"The answer to an open names channel {number}, which is not being opened.");

    private void OnChannelMessage(MessageNumber number, ReadOnlySpan<byte> body)
    {
        SshReader reader = new(body);
        if (!reader.TryReadUInt32(out uint recipient)
            || _channels.Find(recipient) is not { } channel
            || channel.Opening is { Task.IsCompletedSuccessfully: false })
        {
            throw new SshProtocolException($"Message {(byte)number} names a channel that is not open.");
        }

        switch (number)
        {
            case MessageNumber.ChannelData when reader.TryReadString(_options.MaxChannelDataBytes, out ReadOnlySpan<byte> data) && reader.AtEnd:
                channel.Input.Receive(data, extended: false);
                break;
            case MessageNumber.ChannelExtendedData when reader.TryReadUInt32(out _)
                && reader.TryReadString(_options.MaxChannelDataBytes, out ReadOnlySpan<byte> data) && reader.AtEnd:
                channel.Input.Receive(data, extended: true);
                break;
            case MessageNumber.ChannelWindowAdjust when reader.TryReadUInt32(out uint bytes) && reader.AtEnd:
                channel.Output.Adjust(bytes);
                break;
            case MessageNumber.ChannelEof when reader.AtEnd:
                channel.Input.End();
                break;
            case MessageNumber.ChannelClose when reader.AtEnd:
                channel.OnPeerClose();
                break;
            case MessageNumber.ChannelRequest when RequestMessage.TryRead(reader.Rest, out RequestMessage request):
                channel.OnRequest(request);
                break;
            case MessageNumber.ChannelSuccess or MessageNumber.ChannelFailure when reader.AtEnd:
                channel.OnReply(number == MessageNumber.ChannelSuccess);
                break;
            default:
                throw new SshProtocolException($"Channel message {(byte)number} is malformed or too large.");
        }
    }
}
