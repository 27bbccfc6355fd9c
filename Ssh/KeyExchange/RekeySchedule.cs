using RPort.Ssh.Transport;

namespace RPort.Ssh.KeyExchange;

/// <summary>Begins a key exchange when the keys in use have been used enough or are of age, from the login on. Age needs no traffic: it has a timer.</summary>
internal sealed class RekeySchedule
{
    // A timer can wait no longer. Keys that may grow older are asked for their age by traffic only.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Lock _gate = new();
    private readonly TimeSpan _maxAge;
    private readonly ITimer _timer;
    private readonly RekeyPolicy _policy;
    private readonly KeyExchangeProcess _keyExchange;
    private readonly PacketSender _sender;
    private readonly PacketReceiver _receiver;
    private bool _running;
    private bool _stopped;

    public RekeySchedule(SshConnectionOptions options, KeyExchangeProcess keyExchange, PacketSender sender, PacketReceiver receiver)
    {
        _policy = new RekeyPolicy(options.RekeyAfterBytes, options.RekeyAfterPackets, options.RekeyAfter, options.TimeProvider);
        _keyExchange = keyExchange;
        _sender = sender;
        _receiver = receiver;
        _maxAge = options.RekeyAfter <= LongestTimer ? options.RekeyAfter : Timeout.InfiniteTimeSpan;
        _timer = options.TimeProvider.CreateTimer(
            static self => ((RekeySchedule)self!).OnAge(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The user has logged in.</summary>
    public void Start()
    {
        lock (_gate)
        {
            _running = !_stopped;
            ArmTimer();
        }
    }

    /// <summary>New keys hold.</summary>
    public void Restart()
    {
        _policy.Restart(TotalBytes);
        lock (_gate)
        {
            ArmTimer();
        }
    }

    /// <summary>The connection closes.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            _running = false;
            _timer.Dispose();
        }
    }

    /// <summary>Begins a key exchange if one is due. Any thread may call it.</summary>
    public void BeginIfDue()
    {
        if (_running && _policy.IsDue(TotalBytes, Math.Max(_sender.Packets, _receiver.Packets)))
        {
            _ = _keyExchange.Begin();
        }
    }

    private void ArmTimer()
    {
        if (_running)
        {
            _timer.Change(_maxAge, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnAge()
    {
        if (_running)
        {
            _ = _keyExchange.Begin();
        }
    }

    private long TotalBytes => _receiver.TotalBytes + _sender.TotalBytes;
}
