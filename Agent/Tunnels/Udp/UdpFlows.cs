using RPort.Protocol.Udp;

namespace RPort.Agent.Tunnels.Udp;

/// <summary>The flows of one datagram tunnel by their peers, in the order of their last use. Over the bound, the one idle for the longest goes.</summary>
/// <param name="open">Opens a flow for a peer, to be told of each use of it; or answers null.</param>
/// <param name="clock">The clock of the last use.</param>
/// <param name="bound">Flows at one time.</param>
internal sealed class UdpFlows(Func<UdpPeer, Action<UdpFlow>, UdpFlow?> open, TimeProvider clock, int bound)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UdpPeer, UdpFlow> _flows = [];
    private readonly LinkedList<UdpFlow> _byUse = [];
    private Task _ended = Task.CompletedTask; // flows that were closed and may not have noticed yet

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _flows.Count;
            }
        }
    }

    /// <summary>The peer's flow, opened if need be; null where that is not possible. For one caller.</summary>
    public UdpFlow? Get(UdpPeer peer)
    {
        lock (_gate)
        {
            if (_flows.TryGetValue(peer, out UdpFlow? known))
            {
                Touch(known);
                return known;
            }

            if (_flows.Count >= bound)
            {
                Close(_byUse.First!.Value);
            }

            if (open(peer, Use) is not { } flow)
            {
                return null;
            }

            flow.LastUsed = clock.GetTimestamp();
            _flows.Add(peer, flow);
            _byUse.AddLast(flow.Node);
            return flow;
        }
    }

    /// <summary>Closes flows that were idle for so long.</summary>
    public void Expire(TimeSpan idle)
    {
        lock (_gate)
        {
            while (_byUse.First is { } oldest && clock.GetElapsedTime(oldest.Value.LastUsed) >= idle)
            {
                Close(oldest.Value);
            }
        }
    }

    /// <summary>Closes all, and ends when none of them runs.</summary>
    public async Task CloseAsync()
    {
        Expire(TimeSpan.MinValue);
        await _ended.ConfigureAwait(false);
    }

    private void Use(UdpFlow flow)
    {
        lock (_gate)
        {
            if (flow.Node.List is not null) // not closed meanwhile
            {
                Touch(flow);
            }
        }
    }

    private void Touch(UdpFlow flow)
    {
        flow.LastUsed = clock.GetTimestamp();
        _byUse.Remove(flow.Node);
        _byUse.AddLast(flow.Node);
    }

    private void Close(UdpFlow flow)
    {
        _flows.Remove(flow.Peer);
        _byUse.Remove(flow.Node);
        flow.Dispose();
        _ended = _ended.IsCompleted ? flow.Receiving : Task.WhenAll(_ended, flow.Receiving);
    }
}
