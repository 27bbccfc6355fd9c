using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using RPort.Protocol;

namespace RPort.Agent.Tunnels;

/// <summary>
/// Entries of <c>Client:Remotes</c>: <c>port</c>, <c>host:port</c>, <c>lport:port</c>, <c>lport:host:port</c> or <c>lhost:lport:host:port</c>, IPv6 in
/// brackets, with <c>/tcp</c>, <c>/udp</c> or <c>/tcp+udp</c> behind. What begins with <c>l</c> is at the gateway.
/// </summary>
internal static class RemoteText
{
    private const string ThisMachine = "127.0.0.1";
    private const string AllInterfaces = "0.0.0.0";

    /// <param name="text">The entry.</param>
    /// <param name="remote">As it is sent to the gateway.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out RemoteTunnel? remote)
    {
        remote = null;
        text = text.Trim();
        int slash = text.LastIndexOf('/');
        string protocol = slash < 0 ? "tcp" : text[(slash + 1)..];
        List<string> parts = Split(slash < 0 ? text : text[..slash]);
        if (protocol is not ("tcp" or "udp" or "tcp+udp") || parts.Count is 0 or > 4 || !TryPort(parts[^1], out string port))
        {
            return false;
        }

        string host = ThisMachine;
        string localHost = "";
        string localPort = "";
        bool read = parts.Count switch
        {
            1 => true,
            2 => parts[0].All(char.IsAsciiDigit) ? TryPort(parts[0], out localPort) : TunnelTarget.TryParseHost(parts[0], out host!),
            3 => TryPort(parts[0], out localPort) && TunnelTarget.TryParseHost(parts[1], out host!),
            _ => TunnelTarget.TryParseHost(parts[0], out localHost!) && TryPort(parts[1], out localPort) && TunnelTarget.TryParseHost(parts[2], out host!),
        };
        if (!read)
        {
            return false;
        }

        remote = new RemoteTunnel
        {
            Protocol = protocol,
            LocalHost = localPort.Length > 0 && localHost.Length == 0 ? AllInterfaces : localHost, // existing servers take a port with its host only
            LocalPort = localPort,
            LocalPortRandom = localPort.Length == 0,
            RemoteHost = host,
            RemotePort = port,
        };
        return true;
    }

    private static bool TryPort(string text, out string port)
    {
        bool read = TunnelTarget.TryParsePort(text, out int number);
        port = read ? number.ToString(CultureInfo.InvariantCulture) : "";
        return read;
    }

    /// <summary>At colons that are not within brackets.</summary>
    private static List<string> Split(string text)
    {
        List<string> parts = [];
        int start = 0;
        bool bracket = false;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ':' && !bracket))
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
            else
            {
                bracket = text[i] == '[' || (bracket && text[i] != ']');
            }
        }

        return parts;
    }
}
