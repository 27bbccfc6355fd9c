using System.Text.Json;
using RPort.Gateway.Errors;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>A stored tunnel as the API shows it.</summary>
internal sealed record StoredTunnelView(
    Guid Id, DateTimeOffset CreatedAt, string Name, string Scheme, string RemoteIp, int RemotePort, int? PublicPort, string Acl, JsonElement? FurtherOptions)
{
    public static StoredTunnelView From(StoredTunnel tunnel) => new(
        tunnel.Id,
        tunnel.CreatedAt,
        tunnel.Name,
        tunnel.Scheme,
        tunnel.RemoteIp,
        tunnel.RemotePort,
        tunnel.PublicPort,
        tunnel.Acl,
        tunnel.FurtherOptionsJson.Length == 0 ? null : JsonElement.Parse(tunnel.FurtherOptionsJson));
}

/// <summary>A stored tunnel as it is sent. <c>id</c> and <c>created_at</c> are taken and ignored, so that what was read can be sent back.</summary>
internal sealed record StoredTunnelBody
{
    private const int MaxOptions = 8192;

    public JsonElement? Id { get; init; }
    public JsonElement? CreatedAt { get; init; }
    public string? Name { get; init; }
    public string? Scheme { get; init; }
    public string? RemoteIp { get; init; }
    public int? RemotePort { get; init; }
    public int? PublicPort { get; init; }
    public string? Acl { get; init; }
    public JsonElement? FurtherOptions { get; init; }

    /// <summary>The stored tunnel, or an <see cref="ApiFailureException"/> (400).</summary>
    public StoredTunnel Read(Guid id, DateTimeOffset now)
    {
        string name = (Name ?? "").Trim();
        string scheme = (Scheme ?? "").Trim();
        string remote = (RemoteIp ?? "").Trim();
        string options = FurtherOptions?.GetRawText() ?? "";
        Check(name.Length <= TunnelRequestReader.MaxName && !name.Any(char.IsControl), "name", $"at most {TunnelRequestReader.MaxName} characters without control characters are expected");
        Check(scheme.Length <= TunnelRequestReader.MaxScheme && !scheme.Any(char.IsControl), "scheme", $"at most {TunnelRequestReader.MaxScheme} characters are expected, such as ssh or https");
        Check(remote.Length == 0 || HostPort.ReadHost(HostPort.Bracketed(remote)) is not null, "remote_ip", "a host name or an IP address as seen from the client is expected, or nothing for the client itself");
        Check(RemotePort is > 0 and <= ushort.MaxValue, "remote_port", "a number from 1 to 65535 is expected");
        Check(PublicPort is null or (> 0 and <= ushort.MaxValue), "public_port", "a number from 1 to 65535 is expected, or null for any port of the gateway");
        Check(options.Length <= MaxOptions, "further_options", $"at most {MaxOptions} characters of JSON are expected");
        return new StoredTunnel
        {
            Id = id,
            CreatedAt = now,
            Name = name,
            Scheme = scheme,
            RemoteIp = remote,
            RemotePort = RemotePort!.Value,
            PublicPort = PublicPort,
            Acl = string.IsNullOrWhiteSpace(Acl) ? "" : AclText.Read(Acl),
            FurtherOptionsJson = options,
        };
    }

    private static void Check(bool holds, string field, string expected)
    {
        if (!holds)
        {
            throw QueryParameters.Bad(ApiErrorCode.InvalidField, $"invalid {field}", expected);
        }
    }
}
