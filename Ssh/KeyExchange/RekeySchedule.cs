using RPort.Ssh.Transport;

namespace RPort.Ssh.KeyExchange;

/// <summary>Begins a key exchange when the keys in use have been used enough, from the login on.</summary>
internal sealed class RekeySchedule
{
    private readonly RekeyPolicy _policy;
    private readonly KeyExchangeProcess _keyExchange;
    private readonly PacketSender _sender;
    private readonly PacketReceiver _receiver;
    private bool _running;

    public RekeySchedule(SshConnectionOptions options, KeyExchangeProcess keyExchange, PacketSender sender, PacketReceiver receiver)
    {
        _policy = new RekeyPolicy(options.RekeyAfterBytes, options.RekeyAfterPackets, options.RekeyAfter, options.TimeProvider);
        _keyExchange = keyExchange;
        _sender = sender;
        _receiver = receiver;
    }

    /// <summary>The user has logged in.</summary>
    public void Start() => _running = true;

    /// <summary>New keys hold.</summary>
    public void Restart() => _policy.Restart(TotalBytes);

    /// <summary>The connection closes.</summary>
    public void Stop() => _running = false;

    /// <summary>Begins a key exchange if one is due. Any thread may call it.</summary>
    public void BeginIfDue()
    {
        if (_running && _policy.IsDue(TotalBytes, Math.Max(_sender.Packets, _receiver.Packets)))
        {
            _ = _keyExchange.Begin();
        }
    }

    private long TotalBytes => _receiver.TotalBytes + _sender.TotalBytes;
}
