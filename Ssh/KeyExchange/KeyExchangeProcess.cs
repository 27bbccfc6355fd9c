using RPort.Ssh.Algorithms;
using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh.KeyExchange;

/// <summary>
/// Key exchange, the first and every later one, for both roles. Messages come from the receive loop; <see cref="Begin"/> may come from any thread.
/// </summary>
/// <remarks>
/// (1) either side sends KEXINIT, the other answers with its own; (2) the client sends its point; (3) the server sends host key, point and signature;
/// (4) both send NEWKEYS. Strict key exchange (both sides name it in their first KEXINIT): until the first NEWKEYS nothing else may come, and
/// every NEWKEYS starts the sequence numbers again.
/// </remarks>
internal sealed class KeyExchangeProcess : IDisposable
{
    private enum Step
    {
        Idle,
        PointOfClient,
        ReplyOfServer,
        NewKeys,
    }

    private readonly Lock _gate = new();
    private readonly PinnedHostKey _hostKey = new();
    private readonly SshConnectionOptions _options;
    private readonly PacketSender _sender;
    private readonly PacketReceiver _receiver;
    private readonly Action<SshProtocolException> _late;
    private KexInit? _ours;
    private KexInit? _theirs;
    private Step _step;
    private bool _dropGuess;
    private Agreement? _agreement;
    private EcdhExchange? _ecdh;
    private PacketProtection? _nextReceive;
    private byte[]? _sessionId;
    private ITimer? _deadline;
    private TaskCompletionSource? _finished;

    /// <param name="options">The connection's options; their type tells the role.</param>
    /// <param name="sender">The send loop.</param>
    /// <param name="receiver">The packets' source, which gets the new keys.</param>
    /// <param name="late">Told when a later key exchange takes longer than its deadline.</param>
    public KeyExchangeProcess(SshConnectionOptions options, PacketSender sender, PacketReceiver receiver, Action<SshProtocolException> late)
    {
        _options = options;
        _sender = sender;
        _receiver = receiver;
        _late = late;
    }

    /// <summary>What holds now.</summary>
    public Agreement? Agreement { get; private set; }

    /// <summary>The peer's identification, set before any message is handled.</summary>
    public string PeerVersion { get; set; } = "";

    /// <summary>Both sides keep to strict key exchange.</summary>
    public bool IsStrict { get; private set; }

    /// <summary>The first key exchange is done.</summary>
    public bool HasKeys => _sessionId is not null && Agreement is not null;

    /// <summary>The peer sent KEXINIT and may send nothing else until NEWKEYS (RFC 4253 §7.1).</summary>
    public bool PeerIsBusy => _theirs is not null;

    private bool IsServer => _options is SshServerOptions;

    /// <summary>Sends KEXINIT unless a key exchange is under way.</summary>
    /// <param name="guess">A guessed message to send behind it (RFC 4253 §7); we never guess, tests do.</param>
    /// <returns>Completes when the key exchange under way is done.</returns>
    public Task Begin(byte[]? guess = null)
    {
        Task finished;
        lock (_gate)
        {
            _finished ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            finished = _finished.Task;
            if (_ours is not null)
            {
                return finished;
            }

            _ours = Offer(guess is not null);
            _sender.AddKeyExchange(_ours.Message);
            if (guess is not null)
            {
                _sender.AddKeyExchange(guess);
            }

            if (_sessionId is not null)
            {
                _deadline = _options.TimeProvider.CreateTimer(
                    static self => ((KeyExchangeProcess)self!).OnDeadline(), this, _options.HandshakeTimeout, Timeout.InfiniteTimeSpan);
            }
        }

        _sender.Wake();
        return finished;
    }

    /// <summary>Handles the messages from 20 to 49.</summary>
    /// <returns>True when this one finished a key exchange.</returns>
    /// <exception cref="SshProtocolException">Out of order, malformed, or nothing in common.</exception>
    /// <exception cref="SshAuthenticationException">The host key was refused.</exception>
    public bool Handle(MessageNumber number, ReadOnlySpan<byte> message)
    {
        if (_dropGuess && (byte)number is >= 30 and < 50)
        {
            _dropGuess = false; // the peer guessed wrong and knows it: this packet does not count (RFC 4253 §7)
            return false;
        }

        switch (number, _step)
        {
            case (MessageNumber.KexInit, Step.Idle) when _theirs is null:
                OnInit(message);
                return false;
            case (MessageNumber.KexEcdhInit, Step.PointOfClient):
                OnClientPoint(message[1..]);
                return false;
            case (MessageNumber.KexEcdhReply, Step.ReplyOfServer):
                OnServerReply(message[1..]);
                return false;
            case (MessageNumber.NewKeys, Step.NewKeys) when message.Length == 1:
                OnNewKeys();
                return true;
            default:
                throw new SshProtocolException(SshDisconnectReason.KeyExchangeFailed, $"Message {(byte)number} is out of order in a key exchange.");
        }
    }

    /// <summary>Ends a wait for <see cref="Begin"/> when the connection ends.</summary>
    public void Abort(SshCloseReason reason)
    {
        lock (_gate)
        {
            _finished?.TrySetException(new SshConnectionClosedException(reason));
            _ = _finished?.Task.Exception; // nobody has to wait for it
            _deadline?.Dispose();
        }
    }

    public void Dispose()
    {
        _ecdh?.Dispose();
        _nextReceive?.Dispose();
    }

    private KexInit Offer(bool guesses)
    {
        List<string> keyExchanges = [.. _options.KeyExchanges];
        if (_sessionId is null)
        {
            keyExchanges.Add(IsServer ? KeyExchange.Agreement.ExtInfoServer : KeyExchange.Agreement.ExtInfoClient);
            if (_options.StrictKeyExchange)
            {
                keyExchanges.Add(IsServer ? KeyExchange.Agreement.StrictServer : KeyExchange.Agreement.StrictClient);
            }
        }

        IEnumerable<string> hostKeys = _options is SshServerOptions server
            ? server.HostKeys.SelectMany(static key => key.Algorithms).Distinct()
            : SshAlgorithms.HostKeys;
        return KexInit.Create([.. keyExchanges], [.. hostKeys], [.. _options.Ciphers], [.. _options.Macs], guesses);
    }

    private void OnInit(ReadOnlySpan<byte> message)
    {
        if (!KexInit.TryRead(message, out KexInit? theirs))
        {
            throw Malformed("KEXINIT");
        }

        _ = Begin();
        _theirs = theirs!;
        KexInit client = IsServer ? _theirs : _ours!;
        KexInit server = IsServer ? _ours! : _theirs;
        if (_sessionId is null && _options.StrictKeyExchange)
        {
            IsStrict = _theirs.KeyExchanges.Contains(IsServer ? KeyExchange.Agreement.StrictClient : KeyExchange.Agreement.StrictServer);
            if (IsStrict && _receiver.LastSequence != 0)
            {
                throw new SshProtocolException(SshDisconnectReason.KeyExchangeFailed, "KEXINIT was not the first packet of a strict key exchange.");
            }
        }

        _agreement = KeyExchange.Agreement.Find(client, server);
        _dropGuess = _theirs.FirstPacketFollows && !KeyExchange.Agreement.GuessIsRight(client, server);
        if (IsServer)
        {
            _step = Step.PointOfClient;
            return;
        }

        _ecdh = new EcdhExchange(_agreement.KeyExchange);
        _sender.AddKeyExchange(new EcdhInitMessage(_ecdh.PublicPoint).Encode());
        _sender.Wake();
        _step = Step.ReplyOfServer;
    }

    private void OnClientPoint(ReadOnlySpan<byte> body)
    {
        if (!EcdhInitMessage.TryRead(body, out EcdhInitMessage init))
        {
            throw Malformed("KEX_ECDH_INIT");
        }

        SshHostKey key = ((SshServerOptions)_options).HostKeys.First(candidate => candidate.Algorithms.Contains(_agreement!.HostKey));
        using EcdhExchange ecdh = new(_agreement!.KeyExchange);
        byte[] secret = ecdh.Derive(init.Point);
        byte[] hash = SessionKeys.ExchangeHash(
            ecdh.Hash,
            new ExchangeTranscript(
                PeerVersion, _options.VersionLine, _theirs!.Message, _ours!.Message, key.Fingerprint.Blob, init.Point, ecdh.PublicPoint),
            secret);
        _sender.AddKeyExchange(new EcdhReplyMessage(key.Fingerprint.Blob, ecdh.PublicPoint, key.Sign(_agreement.HostKey, hash)).Encode());
        SendNewKeys(ecdh, secret, hash);
    }

    private void OnServerReply(ReadOnlySpan<byte> body)
    {
        if (!EcdhReplyMessage.TryRead(body, out EcdhReplyMessage reply))
        {
            throw Malformed("KEX_ECDH_REPLY");
        }

        byte[] secret = _ecdh!.Derive(reply.Point);
        byte[] hash = SessionKeys.ExchangeHash(
            _ecdh.Hash,
            new ExchangeTranscript(
                _options.VersionLine, PeerVersion, _ours!.Message, _theirs!.Message, reply.HostKey, _ecdh.PublicPoint, reply.Point),
            secret);
        if (!HostKeyProof.Verify(_agreement!.HostKey, reply.HostKey, reply.Signature, hash))
        {
            throw new SshProtocolException(SshDisconnectReason.KeyExchangeFailed, "The server's signature over the key exchange is wrong.");
        }

        _hostKey.Accept(reply.HostKey, ((SshClientOptions)_options).VerifyHostKey);
        SendNewKeys(_ecdh, secret, hash);
        _ecdh.Dispose();
        _ecdh = null;
    }

    private void SendNewKeys(EcdhExchange ecdh, byte[] secret, byte[] hash)
    {
        bool first = _sessionId is null;
        _sessionId ??= hash;
        PacketProtection toServer = SessionKeys.ToServer(_agreement!.ToServer, ecdh.Hash, secret, hash, _sessionId);
        PacketProtection toClient = SessionKeys.ToClient(_agreement.ToClient, ecdh.Hash, secret, hash, _sessionId);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(secret);
        _nextReceive = IsServer ? toServer : toClient;
        _sender.AddNewKeys(IsServer ? toClient : toServer, IsStrict);
        if (first && IsServer && _theirs!.KeyExchanges.Contains(KeyExchange.Agreement.ExtInfoClient))
        {
            _sender.AddKeyExchange(ExtInfoMessage.Encode()); // the packet after NEWKEYS is its only place (RFC 8308 §2.4)
        }

        _sender.Wake();
        _step = Step.NewKeys;
    }

    private void OnNewKeys()
    {
        _receiver.Use(_nextReceive!, IsStrict);
        _nextReceive = null;
        Agreement = _agreement;
        _step = Step.Idle;
        _dropGuess = false;
        TaskCompletionSource? finished;
        lock (_gate)
        {
            _theirs = null;
            _ours = null;
            _deadline?.Dispose();
            _deadline = null;
            finished = _finished;
            _finished = null;
        }

        finished?.TrySetResult();
    }

    private void OnDeadline() => _late(new SshProtocolException(
        SshDisconnectReason.KeyExchangeFailed, $"The peer did not finish a key exchange within {_options.HandshakeTimeout}."));

    private static SshProtocolException Malformed(string what) =>
        new(SshDisconnectReason.KeyExchangeFailed, $"{what} is malformed.");
}
