using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RPort.Gateway.Tunnels;

/// <summary>Who may use a tunnel. An IPv4 caller that comes in over IPv6 counts as IPv4.</summary>
internal sealed class TunnelAcl
{
    private const int MaxEntries = 256;
    private const int MappedBits = 96;
    private readonly IPNetwork[] _networks;

    private TunnelAcl(IPNetwork[] networks) => _networks = networks;

    /// <summary>Only this address.</summary>
    public static TunnelAcl Of(IPAddress address)
    {
        IPAddress plain = Plain(address);
        return new TunnelAcl([new IPNetwork(plain, plain.GetAddressBytes().Length * 8)]);
    }

    /// <summary>Addresses and CIDR networks, IPv4 and IPv6, separated by commas; at least one.</summary>
    /// <param name="text">The list.</param>
    /// <param name="acl">The list, read.</param>
    /// <param name="broken">What is wrong with it.</param>
    public static bool TryParse(string text, out TunnelAcl acl, out string broken)
    {
        acl = new TunnelAcl([]);
        broken = "";
        string[] entries = text.Split(',', StringSplitOptions.TrimEntries);
        if (entries.Length > MaxEntries)
        {
            broken = $"more than {MaxEntries} entries";
            return false;
        }

        List<IPNetwork> networks = [];
        foreach (string entry in entries)
        {
            if (!TryParseEntry(entry, out IPNetwork network))
            {
                broken = entry.Contains('/', StringComparison.Ordinal) ? $"invalid CIDR address: {entry}" : $"invalid IP addr: {entry}";
                return false;
            }

            if (!networks.Contains(network))
            {
                networks.Add(network);
            }
        }

        acl = new TunnelAcl([.. networks]);
        return true;
    }

    public bool Allows(IPAddress address)
    {
        IPAddress plain = Plain(address);
        foreach (IPNetwork network in _networks)
        {
            if (network.Contains(plain))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The list in its shortest form: single addresses without a prefix length.</summary>
    public override string ToString() => string.Join(',', _networks.Select(network =>
        network.PrefixLength == network.BaseAddress.GetAddressBytes().Length * 8 ? network.BaseAddress.ToString() : network.ToString()));

    // 10.1.2.3/8 means the network it lies in, as people write it; IPNetwork itself insists on 10.0.0.0/8.
    private static bool TryParseEntry(string entry, out IPNetwork network)
    {
        network = default;
        int slash = entry.IndexOf('/', StringComparison.Ordinal);
        if (!TryParseAddress(slash < 0 ? entry : entry[..slash], out IPAddress? address))
        {
            return false;
        }

        // ::ffff:10.0.0.0/104 is 10.0.0.0/8: callers are compared in IPv4 form.
        bool mapped = address.IsIPv4MappedToIPv6;
        address = Plain(address);
        int bits = address.GetAddressBytes().Length * 8;
        int prefix = bits;
        if (slash >= 0)
        {
            if (!int.TryParse(entry.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out prefix))
            {
                return false;
            }

            prefix -= mapped ? MappedBits : 0;
            if (prefix < 0 || prefix > bits)
            {
                return false;
            }
        }

        network = new IPNetwork(Masked(address, prefix), prefix);
        return true;
    }

    // "1" and "10.1" are addresses to the parser of old, and slips of the hand to everybody else. An ACL names no interfaces.
    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && !text.Contains('%', StringComparison.Ordinal)
        && (address.AddressFamily != AddressFamily.InterNetwork || text.Count(c => c == '.') == 3);

    private static IPAddress Masked(IPAddress address, int prefix)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int bits = Math.Clamp(prefix - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - bits));
        }

        return new IPAddress(bytes);
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes())
        : address;
}
