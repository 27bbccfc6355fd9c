using System.Net;
using RPort.Protocol.Udp;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>Those who sent datagrams to a tunnel lately. Each holds a place at the gate until it has been silent for a while. Thread-safe.</summary>
internal sealed class UdpPeers(TunnelGate gate, TimeSpan timeout, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SocketAddress, Entry> _bySender = [];
    private readonly Dictionary<UdpPeer, Entry> _byPeer = [];

    /// <summary>Who sent this; null for one who is not let in.</summary>
    /// <param name="sender">Belongs to the caller.</param>
    /// <param name="family">An end point of the family the address has.</param>
    public UdpPeer? Admit(SocketAddress sender, IPEndPoint family)
    {
        lock (_gate)
        {
            if (_bySender.TryGetValue(sender, out Entry? known))
            {
                if (!known.Passage.Token.IsCancellationRequested)
                {
                    known.LastSeen = clock.GetTimestamp();
                    return known.Peer;
                }

                Remove(known);
            }

            IPEndPoint endPoint = (IPEndPoint)family.Create(sender);
            if (gate.TryEnter(endPoint.Address) is not { } passage)
            {
                return null;
            }

            SocketAddress own = new(sender.Family, sender.Size);
            sender.Buffer.Span[..sender.Size].CopyTo(own.Buffer.Span);
            Entry entry = new(UdpPeer.From(endPoint), own, passage) { LastSeen = clock.GetTimestamp() };
            _bySender[own] = entry;
            _byPeer[entry.Peer] = entry;
            return entry.Peer;
        }
    }

    /// <summary>Where an answer to this peer goes; null for one who never asked, or may not be here any more.</summary>
    public SocketAddress? AddressOf(UdpPeer peer)
    {
        lock (_gate)
        {
            if (!_byPeer.TryGetValue(peer, out Entry? entry) || entry.Passage.Token.IsCancellationRequested)
            {
                return null;
            }

            entry.LastSeen = clock.GetTimestamp();
            return entry.Address;
        }
    }

    /// <summary>Forgets those who have been silent for too long, or have to leave.</summary>
    public void Expire()
    {
        lock (_gate)
        {
            foreach (Entry entry in _bySender.Values.Where(e => e.Passage.Token.IsCancellationRequested || clock.GetElapsedTime(e.LastSeen) >= timeout).ToArray())
            {
                Remove(entry);
            }
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            foreach (Entry entry in _bySender.Values.ToArray())
            {
                Remove(entry);
            }
        }
    }

    private void Remove(Entry entry)
    {
        _bySender.Remove(entry.Address);
        _byPeer.Remove(entry.Peer);
        entry.Passage.Dispose();
    }

    private sealed class Entry(UdpPeer peer, SocketAddress address, TunnelGate.Passage passage)
    {
        public UdpPeer Peer => peer;

        public SocketAddress Address => address;

        public TunnelGate.Passage Passage => passage;

        public long LastSeen { get; set; }
    }
}
