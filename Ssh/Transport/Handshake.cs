using RPort.Ssh.Authentication;
using RPort.Ssh.KeyExchange;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Transport;

/// <summary>
/// The way to a connection that carries channels, and every message below theirs: transport, key exchange and login (RFC 4253, RFC 4252).
/// </summary>
/// <remarks>
/// (1) KEXINIT follows the version line at once; (2) the first keys, within HandshakeTimeout; (3) the login, within LoginTimeout from there;
/// (4) <see cref="Established"/>. Later key exchanges come through here too.
/// </remarks>
internal sealed class Handshake
{
    private readonly SshConnectionOptions _options;
    private readonly PacketSender _sender;
    private readonly PacketReceiver _receiver;
    private readonly CloseSequence _close;
    private readonly KeyExchangeProcess _keyExchange;
    private readonly IAuthentication _authentication;
    private readonly RekeySchedule _rekeying;
    private readonly Action<Exception> _applicationFailed;
    private readonly TaskCompletionSource _established = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _deadline;
    private bool _isEstablished;

    /// <param name="options">The connection's options; their type tells the role.</param>
    /// <param name="sender">The send loop.</param>
    /// <param name="receiver">The packets' source.</param>
    /// <param name="keyExchange">The key exchange; owned by the connection.</param>
    /// <param name="rekeying">When the keys are due; runs from the login on.</param>
    /// <param name="close">The connection's close.</param>
    /// <param name="applicationFailed">Told of exceptions from the application's check of a login.</param>
    public Handshake(
        SshConnectionOptions options,
        PacketSender sender,
        PacketReceiver receiver,
        KeyExchangeProcess keyExchange,
        RekeySchedule rekeying,
        CloseSequence close,
        Action<Exception> applicationFailed)
    {
        _options = options;
        _sender = sender;
        _receiver = receiver;
        _keyExchange = keyExchange;
        _rekeying = rekeying;
        _close = close;
        _applicationFailed = applicationFailed;
        _authentication = options is SshServerOptions server
            ? new PasswordServer(server, sender)
            : new PasswordClient((SshClientOptions)options, sender);
        _deadline = options.TimeProvider.CreateTimer(
            static self => ((Handshake)self!).OnDeadline(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The user that logged in.</summary>
    public string UserName => _authentication.UserName;

    /// <summary>Key exchanges finished, the first one too.</summary>
    public int KeyExchanges { get; private set; }

    /// <summary>Completes after the login, or fails with what the caller of the handshake is told.</summary>
    public Task Established => _established.Task;

    /// <summary>Messages of the connection protocol (80 and up) are in place now.</summary>
    public bool TakesConnectionMessages => _isEstablished && !_keyExchange.PeerIsBusy;

    /// <summary>Step (1).</summary>
    public void Begin()
    {
        _deadline.Change(_options.HandshakeTimeout, Timeout.InfiniteTimeSpan);
        _ = _keyExchange.Begin();
    }

    /// <summary>Handles a message that is not of the connection protocol, or is out of place.</summary>
    /// <exception cref="SshException">What the connection is closed with.</exception>
    public ValueTask HandleAsync(ReadOnlyMemory<byte> payload)
    {
        ReadOnlySpan<byte> message = payload.Span;
        MessageNumber number = (MessageNumber)message[0];
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

    /// <summary>Refuses the message that came last (RFC 4253 §11.4).</summary>
    public void RefuseUnknown() => _sender.QueueAnswer(UnimplementedMessage.Encode(_receiver.LastSequence));

    /// <summary>The caller of the handshake gave up.</summary>
    public void Cancel() => Close("the handshake was cancelled");

    /// <summary>The connection closes.</summary>
    public void Abort(SshCloseReason reason)
    {
        _deadline.Dispose();
        _established.TrySetException(reason.Error switch
        {
            SshProtocolException e => new SshProtocolException(e.Reason, e.Message, e),
            SshAuthenticationException e => new SshAuthenticationException(e.Failure, e.Message),
            _ => new SshConnectionClosedException(reason),
        });
        _ = _established.Task.Exception; // nobody waits for it after the handshake
    }

    private void OnTransportMessage(MessageNumber number, ReadOnlySpan<byte> body)
    {
        if (number == MessageNumber.Disconnect)
        {
            string text = DisconnectMessage.TryRead(body, out DisconnectMessage disconnect) ? disconnect.Text : "(malformed)";
            _close.Begin(new SshCloseReason(disconnect.Reason, $"the peer disconnected: {disconnect.Reason}: {text}", ByPeer: true));
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
                RefuseUnknown();
                return default;
        }
    }

    private async ValueTask AuthenticateAsync(MessageNumber number, ReadOnlyMemory<byte> body)
    {
        try
        {
            await _authentication.HandleAsync(number, body, _close.Closing).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not SshException and not OperationCanceledException)
        {
            // The edge of foreign code: the answer to a login that could not be checked is not known, so there is none.
            _applicationFailed(e);
            _close.Begin(new SshCloseReason(SshDisconnectReason.ByApplication, "the login could not be checked", ByPeer: false, e));
            return;
        }

        if (_authentication.IsDone && !_isEstablished)
        {
            _isEstablished = true;
            _deadline.Dispose();
            _rekeying.Start();
            _established.TrySetResult();
        }
    }

    private void OnKeys()
    {
        KeyExchanges++;
        _rekeying.Restart();
        if (KeyExchanges == 1)
        {
            _deadline.Change(_options.LoginTimeout, Timeout.InfiniteTimeSpan);
            _authentication.Begin();
        }
    }

    private void OnDeadline() => Close(_keyExchange.HasKeys
        ? $"the login took longer than {_options.LoginTimeout}"
        : $"the handshake took longer than {_options.HandshakeTimeout}");

    private void Close(string message) => _close.Begin(new SshCloseReason(SshDisconnectReason.ByApplication, message, ByPeer: false));
}
