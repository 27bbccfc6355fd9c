using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace RPort.Agent.Tunnels;

/// <summary>Where a tunnel leads, as seen from this machine.</summary>
/// <param name="Host">A name or an address, without brackets.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="IsUdp">Datagrams; otherwise TCP.</param>
internal sealed record TunnelTarget(string Host, int Port, bool IsUdp)
{
    private const string UdpSuffix = "/udp";
    private const int MaxHostLength = 255;

    /// <summary>Reads <c>host:port</c>, the host in brackets where it is an IPv6 address, with <c>/udp</c> behind it for datagrams.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TunnelTarget? target)
    {
        target = null;
        bool udp = text.EndsWith(UdpSuffix, StringComparison.Ordinal);
        text = udp ? text[..^UdpSuffix.Length] : text;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !TryParsePort(text.AsSpan(colon + 1), out int port) || !TryParseHost(text[..colon], out string? host))
        {
            return false;
        }

        target = new TunnelTarget(host, port, udp);
        return true;
    }

    /// <summary>A port in decimal, not 0.</summary>
    public static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue;

    /// <summary>A host as it stands before a port: an IPv6 address has brackets there, which come off.</summary>
    public static bool TryParseHost(string text, [NotNullWhen(true)] out string? host)
    {
        host = text;
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            host = text[1..^1];
            return host.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(host, out _);
        }

        return text.Length is > 0 and <= MaxHostLength && !text.Any(static c => c is ':' or '[' or ']' or '/' || char.IsWhiteSpace(c) || char.IsControl(c));
    }

    /// <summary>Host and port joined, an IPv6 address in brackets.</summary>
    public static string Join(string host, int port) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";

    public override string ToString() => Join(Host, Port) + (IsUdp ? UdpSuffix : "");
}
