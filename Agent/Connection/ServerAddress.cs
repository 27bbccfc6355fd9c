using System.Diagnostics.CodeAnalysis;

namespace RPort.Agent.Connection;

/// <summary>Where a gateway listens, as a WebSocket URL.</summary>
internal sealed class ServerAddress
{
    private ServerAddress(Uri uri) => Uri = uri;

    /// <summary>Scheme <c>ws</c> or <c>wss</c>, no user, no fragment.</summary>
    public Uri Uri { get; }

    /// <summary>
    /// Reads <c>[scheme://]host[:port][/path]</c>. No scheme and <c>http</c> mean <c>ws</c>, <c>https</c> means <c>wss</c>; the path is <c>/</c>
    /// where none is given.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ServerAddress? address, [NotNullWhen(false)] out string? broken)
    {
        address = null;
        broken = "must be [ws|wss|http|https://]host[:port][/path]";
        text = text.Trim();
        string full = text.Contains("://", StringComparison.Ordinal) ? text : "ws://" + text;
        if (text.Length == 0 || !Uri.TryCreate(full, UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0 || uri.Port == 0)
        {
            return false;
        }

        string? scheme = uri.Scheme switch
        {
            "ws" or "http" => "ws",
            "wss" or "https" => "wss",
            _ => null,
        };
        if (scheme is null)
        {
            return false;
        }

        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            broken = "must not hold a user, a password or a fragment";
            return false;
        }

        // A default port of the old scheme is the default of the new one too: 80 and 443.
        UriBuilder builder = new(uri) { Scheme = scheme, Port = uri.IsDefaultPort ? -1 : uri.Port };
        address = new ServerAddress(builder.Uri);
        broken = null;
        return true;
    }

    public override string ToString() => Uri.ToString();
}
