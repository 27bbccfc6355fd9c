using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels;

/// <summary>The names of tunnel protocols on the API and towards agents.</summary>
internal static class TunnelProtocols
{
    /// <summary>The protocol of this name; null where there is none.</summary>
    public static TunnelProtocol? Parse(string text) => text switch
    {
        "tcp" => TunnelProtocol.Tcp,
        "udp" => TunnelProtocol.Udp,
        "tcp+udp" => TunnelProtocol.TcpAndUdp,
        _ => null,
    };

    public static string Text(this TunnelProtocol protocol) => protocol switch
    {
        TunnelProtocol.Tcp => "tcp",
        TunnelProtocol.Udp => "udp",
        _ => "tcp+udp",
    };
}
