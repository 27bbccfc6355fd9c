using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RPort.Agent.Tunnels;

/// <summary>One entry of <c>Client:TunnelAllowed</c>: a network, a port, or both.</summary>
/// <param name="Network">Null: any address.</param>
/// <param name="Port">Null: any port.</param>
internal sealed record AllowRule(IPNetwork? Network, int? Port)
{
    private const int V4Bits = 32;
    private const int V6Bits = 128;
    private const int MappedBits = V6Bits - V4Bits;

    /// <summary>Reads <c>port</c>, <c>:port</c>, an address or a CIDR, each of these with <c>:port</c> behind it; IPv6 then in brackets.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AllowRule? rule)
    {
        (string network, string? port) = Split(text.Trim());
        int number = 0;
        IPNetwork parsed = default;
        bool read = (port is null || TunnelTarget.TryParsePort(port, out number))
            && (network.Length == 0 ? port is not null : TryParseNetwork(network, out parsed));
        rule = read ? new AllowRule(network.Length == 0 ? null : parsed, port is null ? null : number) : null;
        return read;
    }

    /// <param name="address">Not an IPv4 address in IPv6 form.</param>
    /// <param name="port">The target's port.</param>
    public bool Allows(IPAddress address, int port) => (Port is null || Port == port) && (Network is null || Network.Value.Contains(address));

    private static (string Network, string? Port) Split(string text)
    {
        if (text.StartsWith('['))
        {
            int end = text.IndexOf(']', StringComparison.Ordinal);
            return end < 2 ? (text, null)
                : end == text.Length - 1 ? (text[1..end], null)
                : text[end + 1] == ':' ? (text[1..end], text[(end + 2)..])
                : (text, null);
        }

        if (text.Length > 0 && text.All(char.IsAsciiDigit))
        {
            return ("", text);
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || text.IndexOf(':', colon + 1) >= 0 ? (text, null) : (text[..colon], text[(colon + 1)..]);
    }

    private static bool TryParseNetwork(string text, out IPNetwork network)
    {
        network = default;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string addressText = slash < 0 ? text : text[..slash];
        if (!IPAddress.TryParse(addressText, out IPAddress? address)
            || (address.AddressFamily == AddressFamily.InterNetwork && addressText.Count('.') != 3)) // 10.1 is read as 10.0.0.1: nobody means that
        {
            return false;
        }

        int bits = address.AddressFamily == AddressFamily.InterNetwork ? V4Bits : V6Bits;
        int prefix = bits;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > bits))
        {
            return false;
        }

        if (address.IsIPv4MappedToIPv6 && prefix >= MappedBits)
        {
            (address, prefix) = (address.MapToIPv4(), prefix - MappedBits);
        }

        network = new IPNetwork(Mask(address, prefix), prefix);
        return true;
    }

    /// <summary>10.1.2.3/8 is meant as 10.0.0.0/8.</summary>
    private static IPAddress Mask(IPAddress address, int prefix)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int kept = Math.Clamp(prefix - (8 * i), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - kept));
        }

        return new IPAddress(bytes);
    }
}
