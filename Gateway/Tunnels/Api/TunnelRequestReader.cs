using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;
using RPort.Gateway.Errors;
using RPort.Gateway.Queries;
using RPort.Gateway.Tunnels.Live.Http;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>A tunnel as it was asked for, checked as far as that needs neither the agent nor the port.</summary>
internal sealed record TunnelRequest(TunnelSpec Spec, bool CheckPort);

/// <summary>
/// Reads the query of a new tunnel. The checks run in the order existing scripts know: both ends, scheme, HTTP proxy, its log-in, time-outs, ACL.
/// The first failure ends it with an <see cref="ApiFailureException"/> (400).
/// </summary>
internal sealed class TunnelRequestReader(IOptions<TunnelOptions> options, AclText acls)
{
    public const int MaxScheme = 15;
    public const int MaxName = 128;
    private const int MaxHostHeader = 255;
    private const int MaxAuth = 256;
    private const int DefaultIdleMinutes = 5;
    private const int MaxIdleMinutes = 10080;
    private const string AnyAddress = "0.0.0.0";
    private static readonly TimeSpan LongestAutoClose = TimeSpan.FromHours(744);

    private static readonly ImmutableArray<string> Known =
    [
        "remote", "local", "protocol", "name", "scheme", "acl", "check_port", "idle-timeout-minutes", "skip-idle-timeout", "auto-close",
        "http_proxy", "host_header", "auth_user", "auth_password",
    ];

    public TunnelRequest Read(HttpContext context)
    {
        QueryParameters query = new(context.Request.Query, Known);
        HostPort remote = ReadRemote(query.Text("remote"));
        HostPort local = ReadLocal(query.Text("local"));
        TunnelProtocol protocol = ReadProtocol(query.Text("protocol"));
        TunnelSpec spec = new()
        {
            Name = query.Text("name", MaxName),
            Protocol = protocol,
            LocalHost = local.Host,
            LocalPort = local.Port,
            LocalPortRandom = local.Port == 0,
            Owner = context.User.Identity?.Name ?? "",
            RemoteHost = remote.Host,
            RemotePort = remote.Port,
            Scheme = ReadScheme(query.Text("scheme")),
        };
        spec = ReadProxy(query, spec);
        string password = ReadAuth(query, spec, out string user);
        spec = spec with
        {
            AuthUser = user,
            IdleTimeoutMinutes = ReadIdleTimeout(query),
            AutoClose = ReadAutoClose(query.Text("auto-close")),
            Acl = acls.Read(query.Text("acl"), context),
        };
        bool checkPort = query.Flag("check_port", otherwise: true) && protocol.HasFlag(TunnelProtocol.Tcp);
        // Last, since it takes a while.
        return new TunnelRequest(password.Length == 0 ? spec : spec with { AuthPasswordHash = ProxyLogin.HashOf(password) }, checkPort);
    }

    private static HostPort ReadRemote(string text)
    {
        const string Expected = "the target as seen from the client is expected: a port (of the client's machine), host:port or [IPv6]:port";
        if (!HostPort.TryParse(text, out HostPort remote, out string broken) || remote.Port == 0)
        {
            broken = broken.Length > 0 ? broken : "Invalid port";
            throw QueryParameters.Bad(ApiErrorCode.InvalidRemote, $"failed to decode \"{QueryParameters.Shown(text)}\": {broken}", Expected);
        }

        return remote.Host.Length > 0 ? remote : remote with { Host = "127.0.0.1" };
    }

    private static HostPort ReadLocal(string text)
    {
        const string Expected = "a port of the gateway is expected, or address:port or [IPv6]:port with an address of the gateway; without it any free port is taken";
        if (text.Length == 0)
        {
            return new HostPort(AnyAddress, 0);
        }

        if (!HostPort.TryParse(text, out HostPort local, out string broken))
        {
            throw QueryParameters.Bad(ApiErrorCode.InvalidLocal, $"failed to decode \"{QueryParameters.Shown(text)}\": {broken}", Expected);
        }

        return LocalAddress(local.Host) is { } address
            ? local with { Host = address }
            : throw QueryParameters.Bad(ApiErrorCode.InvalidLocal, $"failed to decode \"{QueryParameters.Shown(text)}\": Invalid host", Expected);
    }

    private static string? LocalAddress(string host)
    {
        if (host == "localhost")
        {
            return "127.0.0.1";
        }

        return host.Length == 0 || host == "::" ? AnyAddress
            : IPAddress.TryParse(host, out IPAddress? address) ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString()
            : null;
    }

    // An unescaped plus sign arrives as a space.
    private static TunnelProtocol ReadProtocol(string text) => text.Length == 0
        ? TunnelProtocol.Tcp
        : TunnelProtocols.Parse(text.Replace(' ', '+')) ?? throw QueryParameters.Bad(
            ApiErrorCode.InvalidProtocol, $"invalid protocol {QueryParameters.Shown(text)}", "tcp, udp or tcp+udp (in a URL tcp%2Budp) is expected");

    private static string? ReadScheme(string text)
    {
        if (text.Length > MaxScheme)
        {
            throw QueryParameters.Bad(ApiErrorCode.SchemeTooLong, "Invalid URI scheme.", $"at most {MaxScheme} characters are expected, such as ssh, rdp, vnc, http or https");
        }

        return text.Any(char.IsControl)
            ? throw QueryParameters.Bad(ApiErrorCode.InvalidParameter, "invalid scheme", "no control characters are expected")
            : text.Length == 0 ? null : text;
    }

    private TunnelSpec ReadProxy(QueryParameters query, TunnelSpec spec)
    {
        bool proxy = query.Flag("http_proxy");
        string host = query.Text("host_header");
        if (!proxy)
        {
            return host.Length == 0
                ? spec
                : throw QueryParameters.Bad(ApiErrorCode.ProxyRequired, "host_header not allowed when http_proxy is false", "http_proxy=true is expected with it");
        }

        if (!options.Value.ProxyEnabled)
        {
            throw QueryParameters.Bad(
                ApiErrorCode.ProxyNotEnabled, "creation of tunnel proxy not enabled", $"the gateway's settings {TunnelOptions.Section}:ProxyCertFile and ProxyKeyFile are expected");
        }

        if (spec.Scheme is not ("http" or "https"))
        {
            throw QueryParameters.Bad(
                ApiErrorCode.ProxyNotAllowed,
                spec.Scheme is null ? "tunnel proxy not allowed without a scheme" : $"tunnel proxy not allowed with scheme {spec.Scheme}",
                "scheme=http or scheme=https is expected: what the target speaks");
        }

        if (spec.Protocol != TunnelProtocol.Tcp)
        {
            throw QueryParameters.Bad(
                ApiErrorCode.ProxyNotAllowed, $"tunnel proxy not allowed with protocol {spec.Protocol.Text()}", "protocol=tcp is expected");
        }

        return IsHostHeader(host)
            ? spec with { HttpProxy = true, HostHeader = host }
            : throw QueryParameters.Bad(ApiErrorCode.InvalidHostHeader, "invalid host_header", $"host or host:port of at most {MaxHostHeader} characters is expected");
    }

    private static bool IsHostHeader(string text) => text.Length <= MaxHostHeader
        && (text.Length == 0 || HostPort.ReadHost(text) is not null || (HostPort.TryParse(text, out HostPort full, out _) && full is { Host.Length: > 0, Port: > 0 }));

    private static string ReadAuth(QueryParameters query, TunnelSpec spec, out string user)
    {
        user = query.Text("auth_user", MaxAuth);
        string password = query.Exact("auth_password", MaxAuth);
        if (user.Length + password.Length > 0 && !spec.HttpProxy)
        {
            throw QueryParameters.Bad(
                ApiErrorCode.ProxyRequired, "http basic authentication requires http_proxy to be activated on the requested tunnel", "http_proxy=true is expected with it");
        }

        if (user.Length > 0 != password.Length > 0)
        {
            throw QueryParameters.Bad(ApiErrorCode.InvalidAuth, "auth_user and auth_password go together", "both or none of them are expected");
        }

        return user.Contains(':', StringComparison.Ordinal)
            ? throw QueryParameters.Bad(ApiErrorCode.InvalidAuth, "invalid auth_user", "a name without a colon is expected")
            : password;
    }

    private static int ReadIdleTimeout(QueryParameters query)
    {
        bool never = query.Flag("skip-idle-timeout");
        string text = query.Text("idle-timeout-minutes");
        if (text.Length == 0)
        {
            return never ? 0 : DefaultIdleMinutes;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int minutes) || minutes is < 0 or > MaxIdleMinutes)
        {
            throw QueryParameters.Bad(
                ApiErrorCode.InvalidIdleTimeout, $"invalid idle-timeout-minutes {QueryParameters.Shown(text)}", $"a number from 0 (never) to {MaxIdleMinutes} is expected");
        }

        return never && minutes > 0
            ? throw QueryParameters.Bad(
                ApiErrorCode.ConflictingParameters, "idle-timeout-minutes conflicts with skip-idle-timeout", "one of the two is expected")
            : minutes;
    }

    private static TimeSpan ReadAutoClose(string text)
    {
        const string Expected = "a duration from 1s to 744h is expected, such as 1m30s; 0 or nothing for never";
        if (text.Length == 0)
        {
            return TimeSpan.Zero;
        }

        if (!GoText.TryReadDuration(text, out TimeSpan time) || time < TimeSpan.Zero)
        {
            throw QueryParameters.Bad(ApiErrorCode.InvalidAutoClose, "invalid tunnel auto-close format", Expected);
        }

        return time == TimeSpan.Zero || (time >= TimeSpan.FromSeconds(1) && time <= LongestAutoClose)
            ? time
            : throw QueryParameters.Bad(ApiErrorCode.InvalidAutoClose, "tunnel auto-close out of range", Expected);
    }
}
