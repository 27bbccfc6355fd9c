using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>A tunnel of a session: what it is, and its open ports, if they could be had.</summary>
internal sealed class TunnelEntry(TunnelRecord record)
{
    public TunnelRecord Record { get; set; } = record;

    /// <summary>Null while the ports are not open.</summary>
    public Tunnel? Open { get; set; }

    /// <summary>Why not.</summary>
    public string Obstacle { get; set; } = "";

    public LiveTunnel View() => Open?.View(Record) ?? new LiveTunnel { Tunnel = Record, Error = Obstacle };

    /// <summary>A refusal of its ports as users see it.</summary>
    public string Describe(Refused refusal) => refusal.Reason switch
    {
        RefusalReason.PortInUse => $"port {Record.Spec.LocalPort} is in use on this gateway{(refusal.Detail.Length > 0 ? $": {refusal.Detail}" : "")}",
        RefusalReason.PortNotAllowed => $"port {Record.Spec.LocalPort} may not be used on this gateway",
        _ => refusal.Detail,
    };
}
