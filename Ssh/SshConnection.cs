using RPort.Ssh.Connection;
using RPort.Ssh.KeyExchange;
using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh;

/// <summary>One SSH-2 connection (RFC 4251 to 4254), in either role, over any duplex stream.</summary>
/// <remarks>
/// Two loops, <see cref="ReceiveLoop"/>, which decrypts and hands messages on, and <see cref="PacketSender"/>. Neither holds a buffer while idle.
/// <see cref="Handshake"/> takes the messages below those of channels, <see cref="ConnectionProtocol"/> those; there is one <see cref="CloseSequence"/>.
/// </remarks>
public sealed class SshConnection : IAsyncDisposable
{
    // Every implementation takes packets of this size; only RPort's inventories come near it.
    private const int MaxMessageBytes = 252 * 1024;

    private readonly Stream _stream;
    private readonly PacketSender _sender;
    private readonly PacketReceiver _receiver;
    private readonly KeyExchangeProcess _keyExchange;
    private readonly RekeySchedule _rekeying;
    private readonly Handshake _handshake;
    private readonly ConnectionProtocol _protocol;
    private readonly ReceiveLoop _receiveLoop;
    private readonly CloseSequence _close;
    private Task _run = Task.CompletedTask;

    private SshConnection(Stream stream, SshConnectionOptions options, ISshPeerHandler handler)
    {
        _stream = stream;
        Options = options;
        _close = new CloseSequence(options, Stop);
        _sender = new PacketSender(stream, options.MaxQueuedControlBytes) { BeforeBatch = () => _rekeying!.BeginIfDue() };
        _receiver = new PacketReceiver(stream, options.MaxPacketBytes, options.TimeProvider);
        _keyExchange = new KeyExchangeProcess(options, _sender, _receiver, _close.Begin);
        _rekeying = new RekeySchedule(options, _keyExchange, _sender, _receiver);
        _handshake = new Handshake(options, _sender, _receiver, _keyExchange, _rekeying, _close, ReportFailure);
        _protocol = new ConnectionProtocol(this, _sender, handler);
        _receiveLoop = new ReceiveLoop(_receiver, _sender, _close, options.TimeProvider)
        {
            OnVersion = line => _keyExchange.PeerVersion = line,
            HandleAsync = HandleAsync,
            BeforeWait = _rekeying.BeginIfDue,
        };
    }

    /// <summary>The user that logged in.</summary>
    public string UserName => _handshake.UserName;

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

    /// <summary>
    /// When bytes last came from the peer, of whatever kind: a timestamp of <see cref="SshConnectionOptions.TimeProvider"/>, which goes on evenly while
    /// the system's clock is set.
    /// </summary>
    public long LastReceived => _receiveLoop.LastReceived;

    /// <summary>Completes, and never faults, once the connection is closed and the stream disposed, with the first reason.</summary>
    public Task<SshCloseReason> Completion => _close.Completion;

    internal SshConnectionOptions Options { get; }

    /// <summary>Fires at the beginning of the close.</summary>
    internal CancellationToken Closing => _close.Closing;

    /// <summary>Key exchanges finished, the first one too.</summary>
    internal int KeyExchanges => _handshake.KeyExchanges;

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
        _close.ThrowIfBegun();
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
        _close.ThrowIfBegun();
        return _protocol.Requests.NotifyAsync(name, payload, cancellationToken);
    }

    /// <summary>Opens a channel (RFC 4254 §5.1); the code behind the call runs on the thread pool.</summary>
    /// <param name="type">The channel type.</param>
    /// <param name="openData">The type-specific bytes.</param>
    /// <param name="cancellationToken">Ends the wait; a channel that opens afterwards is closed at once.</param>
    /// <returns>The open channel, owned by the caller.</returns>
    /// <exception cref="SshChannelOpenException">The peer refused, or <see cref="SshConnectionOptions.MaxChannels"/> are open.</exception>
    /// <exception cref="SshConnectionClosedException">The connection ended first.</exception>
    /// <exception cref="ArgumentException">The data is too large.</exception>
    public ValueTask<SshChannel> OpenChannelAsync(string type, ReadOnlyMemory<byte> openData, CancellationToken cancellationToken = default) =>
        OpenChannelAsync(type, openData, inlineContinuations: false, cancellationToken);

    /// <summary>Opens a channel (RFC 4254 §5.1).</summary>
    /// <param name="type">The channel type.</param>
    /// <param name="openData">The type-specific bytes.</param>
    /// <param name="inlineContinuations">
    /// Runs the code behind the call on the receive loop rather than on the thread pool. It must never block: everything else on the connection waits for it.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; a channel that opens afterwards is closed at once.</param>
    /// <returns>The open channel, owned by the caller.</returns>
    /// <exception cref="SshChannelOpenException">The peer refused, or <see cref="SshConnectionOptions.MaxChannels"/> are open.</exception>
    /// <exception cref="SshConnectionClosedException">The connection ended first.</exception>
    /// <exception cref="ArgumentException">The data is too large.</exception>
    public ValueTask<SshChannel> OpenChannelAsync(
        string type, ReadOnlyMemory<byte> openData, bool inlineContinuations, CancellationToken cancellationToken = default)
    {
        CheckMessageSize(openData.Length);
        return _protocol.Opens.OpenAsync(type, openData, inlineContinuations, cancellationToken);
    }

    /// <summary>Agrees on new keys, while data goes on (RFC 4253 §9). Joins a key exchange that is under way.</summary>
    /// <param name="cancellationToken">Ends the wait, not the key exchange.</param>
    /// <returns>A task that ends when new keys hold in both directions.</returns>
    /// <exception cref="SshConnectionClosedException">The connection ended first.</exception>
    public Task RekeyAsync(CancellationToken cancellationToken = default)
    {
        _close.ThrowIfBegun();
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
        _close.Begin(new SshCloseReason(reason, message, ByPeer: false));
        await Completion.ConfigureAwait(false);
    }

    /// <summary>Closes as <see cref="SshDisconnectReason.ByApplication"/>.</summary>
    /// <returns>A task that never faults.</returns>
    public ValueTask DisposeAsync() => CloseAsync(SshDisconnectReason.ByApplication, "closed by the application");

    /// <summary>Tells the application of an exception that escaped from its own code.</summary>
    internal void ReportFailure(Exception error)
    {
        // What fails while the connection closes is an echo of the close.
        if (_close.Reason is null)
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
        await _close.Listeners.ConfigureAwait(false);
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

        using (cancellationToken.UnsafeRegister(static self => ((Handshake)self!).Cancel(), connection._handshake))
        {
            try
            {
                await connection._handshake.Established.ConfigureAwait(false);
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
        _handshake.Begin();
        _run = Task.Run(() => RunAsync(versionLine));
    }

    private Task RunAsync(byte[] versionLine) =>
        _close.RunAsync(_stream, SendAsync(versionLine), _receiveLoop.RunAsync(), _sender, _receiver, _keyExchange);

    private async Task SendAsync(byte[] versionLine)
    {
        try
        {
            await _sender.RunAsync(versionLine, _close.Cut).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The edge of the send loop: whatever a stream throws means that it is gone.
            _close.StreamFailed(e);
        }
    }

    private ValueTask HandleAsync(ReadOnlyMemory<byte> payload)
    {
        ReadOnlySpan<byte> message = payload.Span;
        MessageNumber number = (MessageNumber)message[0];
        if (number < MessageNumber.GlobalRequest || !_handshake.TakesConnectionMessages)
        {
            return _handshake.HandleAsync(payload);
        }

        if (!_protocol.TryHandle(number, message[1..]))
        {
            _handshake.RefuseUnknown();
        }

        return default;
    }

    /// <summary>Step (2) of the close.</summary>
    private void Stop(SshCloseReason reason)
    {
        _rekeying.Stop();
        _sender.BeginClose(reason.ByPeer ? [] : new DisconnectMessage(reason.Reason, reason.Message).Encode());
        _keyExchange.Abort(reason);
        _protocol.Abort(reason);
        _handshake.Abort(reason);
    }
}
