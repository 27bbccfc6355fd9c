using RPort.Ssh.Authentication;
using RPort.Ssh.Connection;
using RPort.Ssh.KeyExchange;
using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh;

/// <summary>One SSH-2 connection (RFC 4251 to 4254), in either role, over any duplex stream.</summary>
/// <remarks>
/// <para>Two loops: the receive loop here, which decrypts and hands messages on, and <see cref="PacketSender"/>. Neither holds a buffer while idle.</para>
/// <para>
/// There is one close, and the first reason wins. (1) the reason is set; (2) the sender takes nothing new, DISCONNECT is queued behind what waits, and
/// every waiting caller fails; (3) the send loop ends, within CloseTimeout; (4) the peer reads it and ends the stream, or does not; (5) the stream
/// is disposed and both loops are awaited; (6) <see cref="Completion"/>.
/// </para>
/// </remarks>
public sealed class SshConnection : IAsyncDisposable
{
    // Every implementation takes packets of this size; only RPort's inventories come near it.
    private const int MaxMessageBytes = 252 * 1024;

    // Long enough for a peer to read DISCONNECT and go. Cutting a socket with unread input would destroy what it has not read yet.
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromMilliseconds(500);

    private readonly Stream _stream;
    private readonly PacketSender _sender;
    private readonly PacketReceiver _receiver;
    private readonly KeyExchangeProcess _keyExchange;
    private readonly IAuthentication _authentication;
    private readonly ConnectionProtocol _protocol;
    private readonly RekeyPolicy _rekeyPolicy;
    private readonly Func<ReadOnlyMemory<byte>, ValueTask> _handle;
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _established = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closeRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<SshCloseReason> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _deadline;
    private SshCloseReason? _reason;
    private Task _run = Task.CompletedTask;
    private Task _cancelled = Task.CompletedTask;
    private long _lastReceived;
    private bool _isEstablished;

    private SshConnection(Stream stream, SshConnectionOptions options, ISshPeerHandler handler)
    {
        _stream = stream;
        Options = options;
        _sender = new PacketSender(stream, options.MaxQueuedControlBytes) { BeforeBatch = RekeyIfDue };
        _receiver = new PacketReceiver(stream, options.MaxPacketBytes);
        _keyExchange = new KeyExchangeProcess(options, _sender, _receiver, error => Close(ReasonFor(error)));
        _authentication = options is SshServerOptions server
            ? new PasswordServer(server, _sender)
            : new PasswordClient((SshClientOptions)options, _sender);
        _protocol = new ConnectionProtocol(this, _sender, handler);
        _rekeyPolicy = new RekeyPolicy(options.RekeyAfterBytes, options.RekeyAfterPackets, options.RekeyAfter, options.TimeProvider);
        _handle = HandleAsync;
        _lastReceived = options.TimeProvider.GetUtcNow().UtcTicks;
        _deadline = options.TimeProvider.CreateTimer(
            static self => ((SshConnection)self!).OnDeadline(), this, options.HandshakeTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The user that logged in.</summary>
    public string UserName => _authentication.UserName;

    /// <summary>The peer's identification without CR LF.</summary>
    public string PeerVersionLine => _keyExchange.PeerVersion;

    /// <summary>Name of the key exchange in use.</summary>
    public string KeyExchange => _keyExchange.Agreement!.KeyExchange;

    /// <summary>Name of the cipher in use from the client to the server; with its MAC, where it needs one, after a space.</summary>
    public string Cipher => _keyExchange.Agreement!.ToServer is { Mac: { } mac } suite
        ? $"{suite.Cipher} {mac}"
        : _keyExchange.Agreement.ToServer.Cipher;

    /// <summary>Bytes taken from the stream.</summary>
    public long BytesReceived => _receiver.TotalBytes;

    /// <summary>Bytes given to the stream.</summary>
    public long BytesSent => _sender.TotalBytes;

    /// <summary>When bytes last came from the peer, of whatever kind.</summary>
    public DateTimeOffset LastReceived => new(Volatile.Read(ref _lastReceived), TimeSpan.Zero);

    /// <summary>Completes, and never faults, once the connection is closed and the stream disposed, with the first reason.</summary>
    public Task<SshCloseReason> Completion => _completion.Task;

    internal SshConnectionOptions Options { get; }

    /// <summary>Fires at the beginning of the close.</summary>
    internal CancellationToken Closing => _closing.Token;

    /// <summary>Key exchanges finished, the first one too.</summary>
    internal int KeyExchanges { get; private set; }

    internal bool IsStrict => _keyExchange.IsStrict;

    /// <summary>Does the server's part of handshake and login.</summary>
    /// <param name="transport">The stream. Owned from here, whatever happens: it is disposed when the connection ends.</param>
    /// <param name="options">The options. May be shared between connections.</param>
    /// <param name="handler">The application.</param>
    /// <param name="cancellationToken">Ends the handshake; afterwards it does nothing.</param>
    /// <returns>A connection whose client has logged in.</returns>
    /// <exception cref="SshProtocolException">The client broke the protocol or a limit.</exception>
    /// <exception cref="SshAuthenticationException">Too many failed logins.</exception>
    /// <exception cref="SshConnectionClosedException">The stream ended, the client hung up, or a deadline passed.</exception>
    /// <exception cref="ArgumentException">An option can not work.</exception>
    public static Task<SshConnection> AcceptAsync(
        Stream transport, SshServerOptions options, ISshPeerHandler handler, CancellationToken cancellationToken = default) =>
        EstablishAsync(transport, options, handler, cancellationToken);

    /// <summary>Does the client's part of handshake and login.</summary>
    /// <param name="transport">The stream. Owned from here, whatever happens: it is disposed when the connection ends.</param>
    /// <param name="options">The options. May be shared between connections.</param>
    /// <param name="handler">The application.</param>
    /// <param name="cancellationToken">Ends the handshake; afterwards it does nothing.</param>
    /// <returns>A connection that is logged in.</returns>
    /// <exception cref="SshProtocolException">The server broke the protocol or a limit.</exception>
    /// <exception cref="SshAuthenticationException">The host key was refused by us, or the password by the server.</exception>
    /// <exception cref="SshConnectionClosedException">The stream ended, the server hung up, or a deadline passed.</exception>
    /// <exception cref="ArgumentException">An option can not work.</exception>
    public static Task<SshConnection> ConnectAsync(
        Stream transport, SshClientOptions options, ISshPeerHandler handler, CancellationToken cancellationToken = default) =>
        EstablishAsync(transport, options, handler, cancellationToken);

    /// <summary>Sends a global request that wants a reply, and waits for it (RFC 4254 §4). Replies come in the order of requests.</summary>
    /// <param name="name">The request's name.</param>
    /// <param name="payload">The bytes after <c>want_reply</c>, at most 252 KiB.</param>
    /// <param name="cancellationToken">Ends the wait; the request may have been sent.</param>
    /// <returns>The reply, success or failure.</returns>
    /// <exception cref="SshConnectionClosedException">The connection ended first.</exception>
    /// <exception cref="ArgumentException">The payload is too large.</exception>
    public ValueTask<SshReply> RequestAsync(string name, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        CheckMessageSize(payload.Length);
        ThrowIfClosed();
        return _protocol.Requests.SendAsync(name, payload, cancellationToken);
    }

    /// <summary>Sends a global request that wants no reply.</summary>
    /// <param name="name">The request's name.</param>
    /// <param name="payload">The bytes after <c>want_reply</c>, at most 252 KiB.</param>
    /// <param name="cancellationToken">Ends the wait for room in the queue.</param>
    /// <returns>A task that ends when the request is queued.</returns>
    /// <exception cref="SshConnectionClosedException">The connection is closed.</exception>
    /// <exception cref="ArgumentException">The payload is too large.</exception>
    public ValueTask NotifyAsync(string name, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        CheckMessageSize(payload.Length);
        ThrowIfClosed();
        return _protocol.Requests.NotifyAsync(name, payload, cancellationToken);
    }

    /// <summary>Opens a channel (RFC 4254 §5.1).</summary>
    /// <param name="type">The channel type.</param>
    /// <param name="openData">The type-specific bytes.</param>
    /// <param name="cancellationToken">Ends the wait; a channel that opens afterwards is closed at once.</param>
    /// <returns>The open channel, owned by the caller.</returns>
    /// <exception cref="SshChannelOpenException">The peer refused, or <see cref="SshConnectionOptions.MaxChannels"/> are open.</exception>
    /// <exception cref="SshConnectionClosedException">The connection ended first.</exception>
    /// <exception cref="ArgumentException">The data is too large.</exception>
    public ValueTask<SshChannel> OpenChannelAsync(string type, ReadOnlyMemory<byte> openData, CancellationToken cancellationToken = default)
    {
        CheckMessageSize(openData.Length);
        return _protocol.Opens.OpenAsync(type, openData, cancellationToken);
    }

    /// <summary>Agrees on new keys, while data goes on (RFC 4253 §9). Joins a key exchange that is under way.</summary>
    /// <param name="cancellationToken">Ends the wait, not the key exchange.</param>
    /// <returns>A task that ends when new keys hold in both directions.</returns>
    /// <exception cref="SshConnectionClosedException">The connection ended first.</exception>
    public Task RekeyAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        return _keyExchange.Begin().WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Sends what is queued and DISCONNECT, and closes; the first reason wins. Ends when the stream is disposed, at the latest
    /// <see cref="SshConnectionOptions.CloseTimeout"/> and half a second later.
    /// </summary>
    /// <param name="reason">The code sent.</param>
    /// <param name="message">The text sent; at most 256 characters of it.</param>
    /// <returns>A task that never faults.</returns>
    public async ValueTask CloseAsync(SshDisconnectReason reason, string message)
    {
        Close(new SshCloseReason(reason, message, ByPeer: false));
        await Completion.ConfigureAwait(false);
    }

    /// <summary>Closes as <see cref="SshDisconnectReason.ByApplication"/>.</summary>
    /// <returns>A task that never faults.</returns>
    public ValueTask DisposeAsync() => CloseAsync(SshDisconnectReason.ByApplication, "closed by the application");

    /// <summary>Tells the application of an exception that escaped from its own code.</summary>
    internal void ReportFailure(Exception error)
    {
        // What fails while the connection closes is an echo of the close.
        if (_reason is null)
        {
            Options.HandlerFailed?.Invoke(error);
        }
    }

    /// <exception cref="ArgumentException">No peer would take a message of this size.</exception>
    internal void CheckMessageSize(int bytes)
    {
        if (bytes > MaxMessageBytes)
        {
            throw new ArgumentException($"A message of {bytes} bytes is over the limit of {MaxMessageBytes}.");
        }
    }

    /// <summary>Completes when the connection is closed and none of the application's functions runs for it any more.</summary>
    internal async Task WhenIdleAsync()
    {
        await _run.ConfigureAwait(false);
        await _cancelled.ConfigureAwait(false);
        await _protocol.WhenIdleAsync().ConfigureAwait(false);
    }

    private static async Task<SshConnection> EstablishAsync(
        Stream transport, SshConnectionOptions options, ISshPeerHandler handler, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transport);
        SshConnection connection;
        try
        {
            ArgumentNullException.ThrowIfNull(options);
            ArgumentNullException.ThrowIfNull(handler);
            options.Validate();
            byte[] versionLine = VersionLine.Encode(options.VersionLine);
            connection = new SshConnection(transport, options, handler);
            connection.Start(versionLine);
        }
        catch
        {
            await transport.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        using (cancellationToken.UnsafeRegister(static self => ((SshConnection)self!).OnCancelled(), connection))
        {
            try
            {
                await connection._established.Task.ConfigureAwait(false);
                return connection;
            }
            catch
            {
                await connection.Completion.ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                throw;
            }
        }
    }

    private void Start(byte[] versionLine)
    {
        using AsyncFlowControl flow = ExecutionContext.SuppressFlow(); // a connection outlives the call that made it
        _ = _keyExchange.Begin(); // our KEXINIT follows our version line at once
        _run = Task.Run(() => RunAsync(versionLine));
    }

    private async Task RunAsync(byte[] versionLine)
    {
        Task send = SendAsync(versionLine);
        Task receive = ReceiveAsync();
        await _closeRequested.Task.ConfigureAwait(false);
        _cancelled = _closing.CancelAsync(); // not waited for here: what listens to it is the application's code

        TimeSpan farewell = Options.CloseTimeout < LongestFarewell ? Options.CloseTimeout : LongestFarewell;
        await WaitAsync(send, Options.CloseTimeout).ConfigureAwait(false); // (3)
        await WaitAsync(receive, farewell).ConfigureAwait(false); // (4)
        await _abort.CancelAsync().ConfigureAwait(false); // (5)
        try
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The edge of foreign code, and the reason of the close is known.
        }

        await send.ConfigureAwait(false);
        await receive.ConfigureAwait(false);
        _sender.Dispose();
        _receiver.Dispose();
        _keyExchange.Dispose();
        _completion.TrySetResult(_reason!); // (6)
    }

    private async Task WaitAsync(Task loop, TimeSpan longest)
    {
        try
        {
            await loop.WaitAsync(longest, Options.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The peer does not read, or does not leave: the stream is cut.
        }
    }

    private async Task SendAsync(byte[] versionLine)
    {
        try
        {
            await _sender.RunAsync(versionLine, _abort.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The edge of the send loop: whatever a stream throws means that it is gone.
            Close(StreamFailed(e));
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            await ReceivePacketsAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The edge of the receive loop: a peer at fault, or whatever a stream throws.
            Close(e is SshException ? ReasonFor(e) : StreamFailed(e));
        }

        try
        {
            if (!_reason!.ByPeer)
            {
                await _receiver.DiscardAsync(_abort.Token).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // The stream failed after the reason was set.
        }
    }

    private async Task ReceivePacketsAsync()
    {
        string line;
        while (!_receiver.TryTakeVersionLine(out line))
        {
            if (!await FillAsync().ConfigureAwait(false))
            {
                return;
            }
        }

        _keyExchange.PeerVersion = line;
        do
        {
            while (_reason is null && _receiver.TryTake(out ReadOnlyMemory<byte> payload))
            {
                ValueTask handled = _sender.Dispatch(_handle, payload);
                if (!handled.IsCompletedSuccessfully)
                {
                    await handled.ConfigureAwait(false);
                }
            }

            RekeyIfDue();
            _sender.Wake(); // once for everything the whole buffer gave rise to
        }
        while (await FillAsync().ConfigureAwait(false));
    }

    private async ValueTask<bool> FillAsync()
    {
        if (_reason is not null)
        {
            return false;
        }

        if (await _receiver.FillAsync(_abort.Token).ConfigureAwait(false))
        {
            Volatile.Write(ref _lastReceived, Options.TimeProvider.GetUtcNow().UtcTicks);
            return _reason is null;
        }

        string where = _receiver.HasPart ? "in the middle of a packet" : "without a DISCONNECT message";
        Close(new SshCloseReason(SshDisconnectReason.None, $"the stream ended {where}", ByPeer: true));
        return false;
    }

    private ValueTask HandleAsync(ReadOnlyMemory<byte> payload)
    {
        ReadOnlySpan<byte> message = payload.Span;
        MessageNumber number = (MessageNumber)message[0];
        if (number >= MessageNumber.GlobalRequest && _isEstablished && !_keyExchange.PeerIsBusy)
        {
            if (!_protocol.TryHandle(number, message[1..]))
            {
                _sender.QueueAnswer(UnimplementedMessage.Encode(_receiver.LastSequence));
            }

            return default;
        }

        switch ((byte)number)
        {
            case <= (byte)MessageNumber.Debug:
                OnTransportMessage(number, message[1..]);
                return default;
            case >= 20 and < 50:
                if (_keyExchange.Handle(number, message))
                {
                    OnKeys();
                }

                return default;
            default:
                return HandleServiceAsync(number, payload[1..]);
        }
    }

    private void OnTransportMessage(MessageNumber number, ReadOnlySpan<byte> body)
    {
        if (number == MessageNumber.Disconnect)
        {
            string text = DisconnectMessage.TryRead(body, out DisconnectMessage disconnect) ? disconnect.Text : "(malformed)";
            Close(new SshCloseReason(disconnect.Reason, $"the peer disconnected: {disconnect.Reason}: {text}", ByPeer: true));
        }
        else if (_keyExchange.IsStrict && !_keyExchange.HasKeys)
        {
            throw new SshProtocolException(
                SshDisconnectReason.KeyExchangeFailed, $"Message {(byte)number} has no place in the first key exchange of a strict connection.");
        }
    }

    private ValueTask HandleServiceAsync(MessageNumber number, ReadOnlyMemory<byte> body)
    {
        if (!_keyExchange.HasKeys || _keyExchange.PeerIsBusy)
        {
            throw new SshProtocolException($"Message {(byte)number} came in the middle of a key exchange.");
        }

        switch (number)
        {
            case MessageNumber.ExtInfo when ExtInfoMessage.IsWellFormed(body.Span):
                return default;
            case MessageNumber.ExtInfo:
                throw new SshProtocolException("EXT_INFO is malformed.");
            case MessageNumber.ServiceRequest or MessageNumber.ServiceAccept:
            case >= MessageNumber.UserAuthRequest and <= MessageNumber.UserAuthBanner or MessageNumber.UserAuthPasswordChangeRequest:
                return AuthenticateAsync(number, body);
            case >= MessageNumber.GlobalRequest:
                throw new SshProtocolException($"Message {(byte)number} came before the login (RFC 4252 section 6).");
            default:
                _sender.QueueAnswer(UnimplementedMessage.Encode(_receiver.LastSequence));
                return default;
        }
    }

    private async ValueTask AuthenticateAsync(MessageNumber number, ReadOnlyMemory<byte> body)
    {
        try
        {
            await _authentication.HandleAsync(number, body, Closing).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not SshException and not OperationCanceledException)
        {
            // The edge of foreign code: the answer to a login that could not be checked is not known, so there is none.
            ReportFailure(e);
            Close(new SshCloseReason(SshDisconnectReason.ByApplication, "the login could not be checked", ByPeer: false, e));
            return;
        }

        if (_authentication.IsDone && !_isEstablished)
        {
            _isEstablished = true;
            _deadline.Dispose();
            _established.TrySetResult();
        }
    }

    private void OnKeys()
    {
        KeyExchanges++;
        _rekeyPolicy.Restart(BytesReceived + BytesSent);
        if (KeyExchanges == 1)
        {
            _deadline.Change(Options.LoginTimeout, Timeout.InfiniteTimeSpan);
            _authentication.Begin();
        }
    }

    private void RekeyIfDue()
    {
        if (_isEstablished && _reason is null && _rekeyPolicy.IsDue(BytesReceived + BytesSent, Math.Max(_sender.Packets, _receiver.Packets)))
        {
            _ = _keyExchange.Begin();
        }
    }

    private void OnDeadline()
    {
        string what = _keyExchange.HasKeys ? $"login took longer than {Options.LoginTimeout}" : $"handshake took longer than {Options.HandshakeTimeout}";
        Close(new SshCloseReason(SshDisconnectReason.ByApplication, $"the {what}", ByPeer: false));
    }

    private void OnCancelled() => Close(new SshCloseReason(SshDisconnectReason.ByApplication, "the handshake was cancelled", ByPeer: false));

    private static SshCloseReason StreamFailed(Exception e) => new(SshDisconnectReason.None, $"the stream failed: {e.Message}", ByPeer: true, e);

    private static SshCloseReason ReasonFor(Exception error) => new(
        error switch
        {
            SshProtocolException e => e.Reason,
            SshAuthenticationException { Failure: SshAuthenticationFailure.HostKeyRefused } => SshDisconnectReason.HostKeyNotVerifiable,
            SshAuthenticationException => SshDisconnectReason.NoMoreAuthMethodsAvailable,
            _ => SshDisconnectReason.ByApplication,
        },
        error.Message,
        ByPeer: false,
        error);

    /// <summary>The one close. Steps (1) and (2) of the order above; <see cref="RunAsync"/> does the others.</summary>
    private void Close(SshCloseReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
        {
            return; // the first reason wins; this one is an echo
        }

        _deadline.Dispose();
        _sender.BeginClose(reason.ByPeer ? [] : new DisconnectMessage(reason.Reason, reason.Message).Encode());
        _keyExchange.Abort(reason);
        _protocol.Abort(reason);
        _established.TrySetException(HandshakeError(reason));
        _ = _established.Task.Exception; // nobody waits for it after the handshake
        _closeRequested.TrySetResult();
    }

    private static Exception HandshakeError(SshCloseReason reason) => reason.Error switch
    {
        SshProtocolException e => new SshProtocolException(e.Reason, e.Message, e),
        SshAuthenticationException e => new SshAuthenticationException(e.Failure, e.Message),
        _ => new SshConnectionClosedException(reason),
    };

    private void ThrowIfClosed()
    {
        if (_reason is not null)
        {
            throw new SshConnectionClosedException(_reason);
        }
    }
}
