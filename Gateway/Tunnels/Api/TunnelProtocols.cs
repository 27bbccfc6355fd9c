using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>Protocols by the names the API has for them.</summary>
internal static class TunnelProtocols
{
    public const string Expected = "tcp, udp or tcp+udp (in a URL tcp%2Budp) is expected";

    public static string Name(TunnelProtocol protocol) => protocol switch
    {
        TunnelProtocol.Tcp => "tcp",
        TunnelProtocol.Udp => "udp",
        _ => "tcp+udp",
    };

    /// <summary>Null for a name that is none. An unescaped plus sign arrives as a space.</summary>
    public static TunnelProtocol? Parse(string name) => name switch
    {
        "" or "tcp" => TunnelProtocol.Tcp,
        "udp" => TunnelProtocol.Udp,
        "tcp+udp" or "tcp udp" => TunnelProtocol.TcpAndUdp,
        _ => null,
    };
}
