using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace RPort.Agent.Connection;

/// <summary>A proxy to dial through, with its login where it wants one.</summary>
internal sealed class ProxyAddress
{
    private ProxyAddress(Uri uri, NetworkCredential? credential)
    {
        Uri = uri;
        Credential = credential;
    }

    /// <summary>Scheme <c>http</c>, <c>https</c> (both by CONNECT) or <c>socks5</c>; no user.</summary>
    public Uri Uri { get; }

    public NetworkCredential? Credential { get; }

    /// <summary>
    /// Reads <c>scheme://[user:password@]host:port</c>. <c>socks</c> and <c>socks5h</c> are other names of <c>socks5</c>: names are resolved by
    /// the proxy with each.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ProxyAddress? proxy, [NotNullWhen(false)] out string? broken)
    {
        proxy = null;
        broken = "must be http://, https://, socks5://, socks5h:// or socks://[user:password@]host:port";
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0)
        {
            return false;
        }

        string? scheme = uri.Scheme switch
        {
            "http" or "https" => uri.Scheme,
            "socks" or "socks5" or "socks5h" => "socks5",
            _ => null,
        };
        if (scheme is null || uri.PathAndQuery is not ("" or "/"))
        {
            return false;
        }

        int port = uri.Port > 0 ? uri.Port : 1080; // only the SOCKS schemes have no default of their own
        proxy = new ProxyAddress(new UriBuilder(scheme, uri.Host, port).Uri, ReadCredential(uri.UserInfo));
        broken = null;
        return true;
    }

    /// <summary>Without the login: fit for logs.</summary>
    public override string ToString() => Uri.GetLeftPart(UriPartial.Authority);

    private static NetworkCredential? ReadCredential(string userInfo)
    {
        if (userInfo.Length == 0)
        {
            return null;
        }

        int colon = userInfo.IndexOf(':');
        return colon < 0
            ? new NetworkCredential(Uri.UnescapeDataString(userInfo), "")
            : new NetworkCredential(Uri.UnescapeDataString(userInfo[..colon]), Uri.UnescapeDataString(userInfo[(colon + 1)..]));
    }
}
