using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>An end of a tunnel as users write it: <c>22</c>, <c>printer.lan:80</c>, <c>[2001:db8::7]:443</c>.</summary>
/// <param name="Host">Without brackets; empty where only a port was given.</param>
/// <param name="Port">0 to 65535.</param>
internal readonly record struct HostPort(string Host, int Port)
{
    private const int MaxHost = 255;

    /// <summary>Reads one; where that fails, <paramref name="broken"/> says what is wrong.</summary>
    public static bool TryParse(string text, out HostPort end, out string broken)
    {
        end = default;
        int colon = text.LastIndexOf(':');
        colon = colon < text.LastIndexOf(']') ? -1 : colon; // that one is inside the brackets of an IPv6 address
        string digits = text[(colon + 1)..];
        if (digits.Length == 0 || !digits.All(char.IsAsciiDigit))
        {
            broken = "Missing ports";
            return false;
        }

        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > ushort.MaxValue)
        {
            broken = "Invalid port";
            return false;
        }

        string? host = colon < 0 ? "" : ReadHost(text[..colon]);
        broken = host is null ? "Invalid host" : "";
        end = new HostPort(host ?? "", port);
        return host is not null;
    }

    /// <summary>The host in its plain form, or null where it is none.</summary>
    public static string? ReadHost(string text)
    {
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            return ReadAddress6(text[1..^1]);
        }

        if (text.Length > MaxHost)
        {
            return null;
        }

        return Uri.CheckHostName(text) switch
        {
            UriHostNameType.Dns or UriHostNameType.IPv4 => text,
            _ => null,
        };
    }

    /// <summary>As <c>host:port</c>, an IPv6 host in brackets.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Bracketed(Host)}:{Port}");

    public static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;

    /// <summary>A zone such as <c>%eth0</c> means something to the client's machine only, so it is not looked up here.</summary>
    private static string? ReadAddress6(string text)
    {
        int percent = text.IndexOf('%', StringComparison.Ordinal);
        string zone = percent < 0 ? "" : text[percent..];
        bool valid = IPAddress.TryParse(percent < 0 ? text : text[..percent], out IPAddress? address)
            && address.AddressFamily == AddressFamily.InterNetworkV6
            && zone.Length is 0 or (> 1 and <= 32)
            && zone.Skip(1).All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        return valid ? address + zone : null;
    }
}
