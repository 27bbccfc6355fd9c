using System.Globalization;
using System.Text.Json.Serialization;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>A tunnel as the API shows it. What only its session knows is left out where nobody asked the session.</summary>
internal sealed record TunnelView
{
    public const string Open = "open";
    public const string Waiting = "waiting";
    public const string Failed = "failed";
    private const string Hidden = "********";

    public required string Id { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? ClientId { get; init; }
    public required string Name { get; init; }
    public required string Protocol { get; init; }
    public required string Lhost { get; init; }
    public required string Lport { get; init; }
    public required bool LportRandom { get; init; }
    public required string Owner { get; init; }
    public required string Rhost { get; init; }
    public required string Rport { get; init; }
    public required string? Scheme { get; init; }
    public required string Acl { get; init; }
    public required int IdleTimeoutMinutes { get; init; }

    /// <summary>Nanoseconds.</summary>
    public required long AutoClose { get; init; }
    public required bool HttpProxy { get; init; }
    public required string HostHeader { get; init; }
    public required string AuthUser { get; init; }

    /// <summary>Asterisks where there is one.</summary>
    public required string AuthPassword { get; init; }
    public required string TunnelUrl { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? State { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Error { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? PublicHost { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Connections { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? ConnectionsTotal { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? Refused { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? BytesIn { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? BytesOut { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? DroppedDatagrams { get; init; }

    /// <summary>A tunnel as it is kept.</summary>
    public static TunnelView From(TunnelRecord tunnel)
    {
        TunnelSpec spec = tunnel.Spec;
        return new TunnelView
        {
            Id = tunnel.Id.ToString(),
            Name = spec.Name,
            Protocol = spec.Protocol.Text(),
            Lhost = spec.LocalHost,
            Lport = spec.LocalPort == 0 ? "" : spec.LocalPort.ToString(CultureInfo.InvariantCulture),
            LportRandom = spec.LocalPortRandom,
            Owner = spec.Owner,
            Rhost = spec.RemoteHost,
            Rport = spec.RemotePort.ToString(CultureInfo.InvariantCulture),
            Scheme = spec.Scheme,
            Acl = spec.Acl,
            IdleTimeoutMinutes = spec.IdleTimeoutMinutes,
            AutoClose = spec.AutoClose.Ticks * TimeSpan.NanosecondsPerTick,
            HttpProxy = spec.HttpProxy,
            HostHeader = spec.HostHeader,
            AuthUser = spec.AuthUser,
            AuthPassword = spec.AuthPasswordHash.Length > 0 ? Hidden : "",
            TunnelUrl = "",
            CreatedAt = tunnel.CreatedAt,
        };
    }

    /// <summary>A tunnel that no session has open.</summary>
    public static TunnelView Idle(TunnelRecord tunnel, string error) => From(tunnel) with { State = Waiting, Error = error };

    /// <summary>A tunnel and how it fares.</summary>
    public static TunnelView From(LiveTunnel live)
    {
        TunnelView view = From(live.Tunnel);
        return view with
        {
            TunnelUrl = view.HttpProxy && live.PublicHost.Length > 0 ? $"https://{HostPort.Bracketed(live.PublicHost)}:{view.Lport}" : "",
            State = live.Open ? Open : live.Error.Length > 0 ? Failed : Waiting,
            Error = live.Error,
            PublicHost = live.PublicHost,
            Connections = live.Connections,
            ConnectionsTotal = live.TotalConnections,
            Refused = live.Refused,
            BytesIn = live.BytesIn,
            BytesOut = live.BytesOut,
            DroppedDatagrams = live.DroppedDatagrams,
        };
    }
}
