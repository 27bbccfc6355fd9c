using System.Net;
using RPort.Ssh.Forwarding;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>Who is inside a tunnel, who may come in, and what went through. Shared by all ports of the tunnel. Thread-safe.</summary>
internal sealed class TunnelGate(TunnelAcl acl, int maxConnections, TimeProvider clock, TunnelMetrics metrics)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Passage> _inside = [];
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TunnelAcl _acl = acl;
    private long _idleSince = clock.GetTimestamp();
    private bool _closed;
    private long _total;
    private long _refused;
    private long _dropped;
    private volatile string _lastFailure = "";

    /// <summary>Bytes that went through.</summary>
    public RelayMeter Meter { get; } = new();

    public int Connections
    {
        get
        {
            lock (_gate)
            {
                return _inside.Count;
            }
        }
    }

    public long Total => Interlocked.Read(ref _total);

    public long Refused => Interlocked.Read(ref _refused);

    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Why the last connection that failed did; empty after one that was made.</summary>
    public string LastFailure
    {
        get => _lastFailure;
        set => _lastFailure = value;
    }

    /// <summary>How long nobody has been inside; zero while somebody is.</summary>
    public TimeSpan Idle
    {
        get
        {
            lock (_gate)
            {
                return _inside.Count > 0 ? TimeSpan.Zero : clock.GetElapsedTime(_idleSince);
            }
        }
    }

    /// <summary>Lets somebody in; null for one who is not in the ACL, and for everybody while it is full or closed.</summary>
    /// <param name="peer">Who.</param>
    /// <param name="arriveWithin">They have to leave after this time, unless <see cref="Passage.Arrive"/> comes first.</param>
    public Passage? TryEnter(IPAddress peer, TimeSpan? arriveWithin = null)
    {
        lock (_gate)
        {
            if (!_closed && _inside.Count < maxConnections && _acl.Allows(peer))
            {
                Passage passage = new(this, peer, arriveWithin is { } limit ? new CancellationTokenSource(limit, clock) : new CancellationTokenSource());
                _inside.Add(passage);
                _total++;
                metrics.ConnectionOpened();
                return passage;
            }
        }

        Refuse();
        return null;
    }

    /// <summary>Counts somebody who was turned away.</summary>
    public void Refuse()
    {
        Interlocked.Increment(ref _refused);
        metrics.Refused();
    }

    /// <summary>Counts a datagram that was dropped.</summary>
    public void Drop()
    {
        Interlocked.Increment(ref _dropped);
        metrics.DatagramDropped();
    }

    /// <summary>From here on these may come in; whoever is inside and is not among them is cut.</summary>
    public void Change(TunnelAcl acl)
    {
        Passage[] unwanted;
        lock (_gate)
        {
            _acl = acl;
            unwanted = [.. _inside.Where(passage => !acl.Allows(passage.Peer))];
        }

        Cut(unwanted);
    }

    /// <summary>Closes unless somebody is inside: then it answers how many.</summary>
    public int CloseIfEmpty()
    {
        lock (_gate)
        {
            _closed |= _inside.Count == 0;
            return _inside.Count;
        }
    }

    /// <summary>Lets nobody in any more and cuts those inside. Completes when they have left.</summary>
    public Task CloseAsync()
    {
        Passage[] inside;
        lock (_gate)
        {
            _closed = true;
            inside = [.. _inside];
            if (inside.Length == 0)
            {
                _empty.TrySetResult();
            }
        }

        Cut(inside);
        return _empty.Task;
    }

    private static void Cut(Passage[] passages)
    {
        foreach (Passage passage in passages)
        {
            passage.Cut();
        }
    }

    private void Leave(Passage passage)
    {
        lock (_gate)
        {
            if (!_inside.Remove(passage))
            {
                return;
            }

            _idleSince = clock.GetTimestamp();
            if (_closed && _inside.Count == 0)
            {
                _empty.TrySetResult();
            }
        }

        metrics.ConnectionClosed();
    }

    /// <summary>Somebody inside, until disposed.</summary>
    internal sealed class Passage(TunnelGate gate, IPAddress peer, CancellationTokenSource end) : IDisposable
    {
        private volatile bool _isCut;

        public IPAddress Peer => peer;

        /// <summary>Fires when they have to leave.</summary>
        public CancellationToken Token => end.Token;

        /// <summary>Whether they were told to leave, and did not just take too long to arrive.</summary>
        public bool IsCut => _isCut;

        /// <summary>They have arrived, and may stay.</summary>
        public void Arrive() => end.CancelAfter(Timeout.InfiniteTimeSpan);

        public void Cut()
        {
            _isCut = true;
            try
            {
                end.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // They have left.
            }
        }

        public void Dispose()
        {
            gate.Leave(this);
            end.Dispose();
        }
    }
}
