using System.Buffers;
using System.Net;
using RPort.Agent.Connection;
using RPort.Agent.Files;
using RPort.Agent.Tunnels;

namespace RPort.Agent.Configuration;

/// <summary>What single values must look like. Null: fine; otherwise the rule that is broken.</summary>
internal static class ValueRules
{
    private const int MaxIdLength = 128;

    // RFC 9110 §5.6.2: the characters of a token.
    private static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdefABCDEF");

    public static string? Server(string text) => ServerAddress.TryParse(text, out _, out string? broken) ? null : broken;

    public static string? Proxy(string text) => ProxyAddress.TryParse(text, out _, out string? broken) ? null : broken;

    public static string? Auth(string text) => text.IndexOf(':') > 0 && !text.AsSpan().ContainsAnyInRange('\0', '\x1f') ? null : "must be user:password";

    public static string? ClientId(string text) =>
        text.Length > MaxIdLength || text.Any(c => c == '/' || char.IsWhiteSpace(c) || char.IsControl(c))
            ? $"must be 1 to {MaxIdLength} visible characters without '/' and white space"
            : null;

    public static string? Name(string text) => text.Any(char.IsControl) || text.Length > 256 ? "must be at most 256 characters, none of them a control character" : null;

    public static string? Label(string name, string value) => name.Length == 0 || value.Length == 0 ? "must be name=value pairs" : null;

    public static string? AbsolutePath(string text) => Path.IsPathFullyQualified(text) ? null : "must be an absolute path";

    public static string? IpAddress(string text) => IPAddress.TryParse(text, out _) ? null : "must be an IP address";

    public static string? HostHeader(string text) => text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '/' or '@') ? "must be host or host:port" : null;

    public static string? TunnelAllowed(string text) =>
        AllowRule.TryParse(text, out _) ? null : "must be addresses, CIDRs or ports: 192.0.2.7, 192.0.2.0/24, :443, 192.0.2.7:443, [2001:db8::/64]:443";

    public static string? Remote(string text) =>
        RemoteText.TryParse(text, out _) ? null : "must be port, host:port, lport:host:port or lhost:lport:host:port, IPv6 in brackets, with /udp or /tcp+udp behind where meant";

    public static string? ProtectedGlob(string text)
    {
        try
        {
            ProtectedPattern.Parse(text, OperatingSystem.IsWindows() ? PathRules.Windows : OperatingSystem.IsMacOS() ? PathRules.MacOs : PathRules.Linux);
            return null;
        }
        catch (FormatException)
        {
            return "must be absolute paths or globs";
        }
    }

    public static string? Header(string name, string value)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(Token))
        {
            return $"\"{name}\" is no header name";
        }

        bool ours = name.StartsWith("Sec-WebSocket-", StringComparison.OrdinalIgnoreCase)
            || name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase) || name.Equals("Connection", StringComparison.OrdinalIgnoreCase);
        return ours ? $"{name} belongs to the upgrade and cannot be set"
            : name.Equals("Host", StringComparison.OrdinalIgnoreCase) ? "Host is set by Connection:Hostname"
            : value.Any(char.IsControl) ? $"the value of {name} holds a control character"
            : null;
    }

    public static string? Fingerprint(string text)
    {
        const string Rule = "must be a whole fingerprint: SHA256: and 43 characters of base64, or 16 hexadecimal bytes with colons";
        text = text.Trim();
        if (text.StartsWith("SHA256:", StringComparison.OrdinalIgnoreCase))
        {
            string base64 = text["SHA256:".Length..].TrimEnd('=');
            return base64.Length == 43 && Convert.TryFromBase64String(base64 + "=", stackalloc byte[32], out int bytes) && bytes == 32 ? null : Rule;
        }

        string hex = text.StartsWith("MD5:", StringComparison.OrdinalIgnoreCase) ? text["MD5:".Length..] : text;
        string[] parts = hex.Split(':');
        return parts.Length == 16 && parts.All(part => part.Length == 2 && !part.AsSpan().ContainsAnyExcept(Hex)) ? null : Rule;
    }
}
