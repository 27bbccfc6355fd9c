using System.Diagnostics.Metrics;
using RPort.Gateway.Agents;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>The numbers of all tunnels together, on the gateway's meter.</summary>
internal sealed class TunnelMetrics
{
    private readonly UpDownCounter<int> _tunnels;
    private readonly UpDownCounter<int> _connections;
    private readonly Counter<long> _accepted;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _dropped;

    public TunnelMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(AgentMetrics.MeterName);
        _tunnels = meter.CreateUpDownCounter<int>("rport.gateway.tunnels", "{tunnel}", "Tunnels whose port is open at this gateway");
        _connections = meter.CreateUpDownCounter<int>("rport.gateway.tunnel.connections", "{connection}", "Connections inside tunnels");
        _accepted = meter.CreateCounter<long>("rport.gateway.tunnel.accepted", "{connection}", "Connections let into tunnels");
        _refused = meter.CreateCounter<long>("rport.gateway.tunnel.refused", "{connection}", "Connections and datagrams turned away: not in the ACL, or over the bound");
        _failed = meter.CreateCounter<long>("rport.gateway.tunnel.failed", "{connection}", "Connections whose target could not be reached");
        _dropped = meter.CreateCounter<long>("rport.gateway.tunnel.dropped", "{datagram}", "Datagrams dropped because the link was slower than they came");
    }

    public void TunnelOpened() => _tunnels.Add(1);

    public void TunnelClosed() => _tunnels.Add(-1);

    public void ConnectionOpened()
    {
        _connections.Add(1);
        _accepted.Add(1);
    }

    public void ConnectionClosed() => _connections.Add(-1);

    public void Refused() => _refused.Add(1);

    public void Failed() => _failed.Add(1);

    public void DatagramDropped() => _dropped.Add(1);
}
