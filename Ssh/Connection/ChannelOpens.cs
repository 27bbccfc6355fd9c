using RPort.Ssh.Transport;

namespace RPort.Ssh.Connection;

/// <summary>Opens channels (RFC 4254 §5.1), ours and the peer's, and keeps them in the table from then on.</summary>
internal sealed class ChannelOpens
{
    private readonly SshConnection _connection;
    private readonly SshConnectionOptions _options;
    private readonly PacketSender _sender;
    private readonly ISshPeerHandler _handler;
    private readonly SerialWork _incoming;
    private readonly ChannelTable _channels;
    private readonly ReceiveBudget _budget;
    private readonly RunningTasks _deferred = new();
    private int _pending;

    private static readonly SshChannelVerdict Unhandled = SshChannelVerdict.Reject(SshChannelOpenFailure.ConnectFailed, "the open could not be handled");

    /// <param name="connection">The connection.</param>
    /// <param name="sender">The send loop.</param>
    /// <param name="handler">The application.</param>
    /// <param name="incoming">Where the application is asked, in order with everything else it is asked.</param>
    /// <param name="channels">The connection's channels.</param>
    public ChannelOpens(SshConnection connection, PacketSender sender, ISshPeerHandler handler, SerialWork incoming, ChannelTable channels)
    {
        _connection = connection;
        _options = connection.Options;
        _sender = sender;
        _handler = handler;
        _incoming = incoming;
        _channels = channels;
        _budget = new ReceiveBudget(_options.MaxUnreadBytes);
    }

    public async ValueTask<SshChannel> OpenAsync(string type, ReadOnlyMemory<byte> data, bool inlineContinuations, CancellationToken cancellationToken)
    {
        TaskCompletionSource opening = new(inlineContinuations ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        SshChannel channel = _channels.TryAdd(number => Create(number, type, opening)) ?? throw new SshChannelOpenException(
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

        // Either the wait ends or the peer's answer comes first; an answer nobody waits for any more closes the channel.
        using (cancellationToken.UnsafeRegister(static (opening, token) => ((TaskCompletionSource)opening!).TrySetCanceled(token), opening))
        {
            await opening.Task.ConfigureAwait(false);
            return channel;
        }
    }

    /// <summary>Completes when no verdict that was put off is being decided any more. Called after the connection has closed.</summary>
    public Task WhenDecidedAsync() => _deferred.WhenDoneAsync();

    /// <exception cref="SshProtocolException">Malformed, or too many wait.</exception>
    public void OnOpen(ReadOnlySpan<byte> body)
    {
        if (!ChannelOpenMessage.TryRead(body, out ChannelOpenMessage open) || open.MaxPacket == 0)
        {
            throw new SshProtocolException("CHANNEL_OPEN is malformed.");
        }

        if (Interlocked.Increment(ref _pending) > _options.MaxPendingOpens)
        {
            throw new SshProtocolException(SshDisconnectReason.ByApplication, "Too many channel opens wait for a verdict.");
        }

        _incoming.Add(cancellationToken => DecideAsync(open, cancellationToken), _options.InlineOpens);
    }

    private async ValueTask DecideAsync(ChannelOpenMessage open, CancellationToken cancellationToken)
    {
        SshChannelVerdict verdict = Unhandled;
        try
        {
            verdict = await _handler.OnChannelOpenAsync(_connection, new SshChannelOpen(open.Type, open.Data), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (verdict.Later is { } later)
            {
                _deferred.Add(DecideLaterAsync(open, later, cancellationToken));
            }
            else
            {
                await SettleAsync(open, verdict, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task DecideLaterAsync(ChannelOpenMessage open, Func<CancellationToken, Task<SshChannelVerdict>> decide, CancellationToken cancellationToken)
    {
        SshChannelVerdict verdict = Unhandled;
        try
        {
            verdict = await decide(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _connection.ReportFailure(e); // the edge of foreign code: the peer hears of a refusal
        }

        try
        {
            await SettleAsync(open, verdict.Later is null ? verdict : Unhandled, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SshException or OperationCanceledException)
        {
            // The connection closed: nobody waits for the verdict.
        }
    }

    private ValueTask SettleAsync(ChannelOpenMessage open, SshChannelVerdict verdict, CancellationToken cancellationToken)
    {
        Interlocked.Decrement(ref _pending); // before the verdict leaves, which lets the peer send the next open
        return ApplyAsync(open, verdict, cancellationToken);
    }

    private async ValueTask ApplyAsync(ChannelOpenMessage open, SshChannelVerdict verdict, CancellationToken cancellationToken)
    {
        bool served = false;
        try
        {
            served = await TryServeAsync(open, verdict, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!served)
            {
                verdict.Unused?.Dispose();
            }
        }
    }

    private async ValueTask<bool> TryServeAsync(ChannelOpenMessage open, SshChannelVerdict verdict, CancellationToken cancellationToken)
    {
        SshChannel? channel = verdict.Serve is null ? null : _channels.TryAdd(number => Create(number, open.Type, opening: null));
        if (channel is null)
        {
            byte[] refusal = verdict.Serve is null
                ? new ChannelOpenFailureMessage(open.Sender, verdict.Reason, verdict.Text).Encode()
                : new ChannelOpenFailureMessage(open.Sender, SshChannelOpenFailure.ResourceShortage, "too many channels").Encode();
            await _sender.QueueAsync(refusal, null, cancellationToken).ConfigureAwait(false);
            return false;
        }

        channel.Requests.Hold(); // the function below sets its handler first
        channel.Output.Attach(open.Sender, open.Window, open.MaxPacket);
        byte[] confirmation = new ChannelOpenConfirmationMessage(
            open.Sender, channel.Number, channel.Input.InitialWindow, (uint)_options.MaxChannelDataBytes).Encode();
        await _sender.QueueAsync(confirmation, null, cancellationToken).ConfigureAwait(false);
        channel.Serve(verdict.Serve!);
        return true;
    }

    /// <exception cref="SshProtocolException">Malformed, or for no channel that is being opened.</exception>
    public void OnConfirmation(ReadOnlySpan<byte> body)
    {
        if (!ChannelOpenConfirmationMessage.TryRead(body, out ChannelOpenConfirmationMessage confirmation))
        {
            throw new SshProtocolException("CHANNEL_OPEN_CONFIRMATION is malformed.");
        }

        SshChannel channel = FindOpening(confirmation.Recipient);
        channel.Output.Attach(confirmation.Sender, confirmation.Window, confirmation.MaxPacket);
        channel.IsOpening = false;
        if (!channel.Opening!.TrySetResult())
        {
            channel.Close(); // its caller waits no more
        }
    }

    /// <exception cref="SshProtocolException">Malformed, or for no channel that is being opened.</exception>
    public void OnFailure(ReadOnlySpan<byte> body)
    {
        if (!ChannelOpenFailureMessage.TryRead(body, out ChannelOpenFailureMessage failure))
        {
            throw new SshProtocolException("CHANNEL_OPEN_FAILURE is malformed.");
        }

        SshChannel channel = FindOpening(failure.Recipient);
        channel.IsOpening = false;
        Forget(channel);
        channel.Opening!.TrySetException(new SshChannelOpenException(failure.Reason, $"The peer refused the channel: {failure.Text}"));
        _ = channel.Opening.Task.Exception; // its caller may have gone
    }

    private SshChannel FindOpening(uint number) =>
        _channels.Find(number) is { IsOpening: true } channel
            ? channel
            : throw new SshProtocolException($"The answer to an open names channel {number}, which is not being opened.");

    private SshChannel Create(uint number, string type, TaskCompletionSource? opening) =>
        new(_connection, _channels, new ReceiveWindow(_budget, _options.InitialWindowBytes, _options.MaxWindowBytes), _sender, number, type)
        {
            Opening = opening,
            IsOpening = opening is not null,
        };

    private void Forget(SshChannel channel)
    {
        _channels.Remove(channel.Number);
        channel.Input.Release();
    }
}
