using System.Text.Json.Serialization;

namespace RPort.Protocol;

/// <summary>Payload of <see cref="RequestNames.CheckTunnelAllowed"/>: may a tunnel go there.</summary>
public sealed record TunnelQuestion
{
    /// <summary>The target as <c>host:port</c>, the host in brackets where it is an IPv6 address; with <c>/udp</c> behind it for datagrams.</summary>
    public string Remote { get; init; } = "";
}

/// <summary>Reply to <see cref="RequestNames.CheckTunnelAllowed"/>.</summary>
public sealed record TunnelAllowance
{
    /// <summary>True where the agent's configuration allows the target.</summary>
    public bool IsAllowed { get; init; }
    /// <summary>Why not, for people. With <see cref="ProtocolFeatures.Tunnel2"/> only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Reason { get; init; }
}

/// <summary>Payload of <see cref="RequestNames.CheckPort"/>: does something listen there.</summary>
public sealed record PortQuestion
{
    /// <summary>The target as <c>host:port</c>, the host in brackets where it is an IPv6 address.</summary>
    public string HostPort { get; init; } = "";
    /// <summary>The longest wait for the connection, in nanoseconds.</summary>
    public long Timeout { get; init; }
}

/// <summary>Reply to <see cref="RequestNames.CheckPort"/>.</summary>
public sealed record PortState
{
    /// <summary>True where a connection was made (and closed at once).</summary>
    public bool Open { get; init; }
    /// <summary>Why there was none, for people.</summary>
    public string ErrMsg { get; init; } = "";
    /// <summary>True where the time was over before anything was known. With <see cref="ProtocolFeatures.Tunnel2"/> only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? TimedOut { get; init; }
}

/// <summary>A tunnel as an agent asks for it in <see cref="ConnectionRequest.Remotes"/> and as the gateway lists it in the reply. Names on the wire are RPort's.</summary>
public sealed record RemoteTunnel
{
    /// <summary>What users call it.</summary>
    [JsonPropertyName("name")] public string Name { get; init; } = "";
    /// <summary><c>tcp</c>, <c>udp</c> or <c>tcp+udp</c>; empty stands for <c>tcp</c>.</summary>
    [JsonPropertyName("protocol")] public string Protocol { get; init; } = "tcp";
    /// <summary>Address the gateway listens on.</summary>
    [JsonPropertyName("lhost")] public string LocalHost { get; init; } = "";
    /// <summary>Port the gateway listens on, in decimal; empty or 0 for any.</summary>
    [JsonPropertyName("lport")] public string LocalPort { get; init; } = "";
    /// <summary>True where the gateway chooses or chose the port.</summary>
    [JsonPropertyName("lport_random")] public bool LocalPortRandom { get; init; }
    /// <summary>The user who made it; empty for one the agent asks for.</summary>
    [JsonPropertyName("owner")] public string Owner { get; init; } = "";
    /// <summary>The target's host as seen from the agent.</summary>
    [JsonPropertyName("rhost")] public string RemoteHost { get; init; } = "";
    /// <summary>The target's port, in decimal.</summary>
    [JsonPropertyName("rport")] public string RemotePort { get; init; } = "";
    /// <summary>A hint for user interfaces.</summary>
    [JsonPropertyName("scheme")] public string? Scheme { get; init; }
    /// <summary>Who may use it.</summary>
    [JsonPropertyName("acl")] public string? Acl { get; init; }
    /// <summary>Minutes without a connection after which it is closed; 0 for never.</summary>
    [JsonPropertyName("idle_timeout_minutes")] public int IdleTimeoutMinutes { get; init; }
    /// <summary>Nanoseconds after which it is closed; 0 for never.</summary>
    [JsonPropertyName("auto_close")] public long AutoClose { get; init; }
    /// <summary>Whether the gateway speaks HTTPS on it.</summary>
    [JsonPropertyName("http_proxy")] public bool HttpProxy { get; init; }
    /// <summary>Host header of proxied requests.</summary>
    [JsonPropertyName("host_header")] public string HostHeader { get; init; } = "";
    /// <summary>User asked for by the HTTP proxy.</summary>
    [JsonPropertyName("auth_user")] public string AuthUser { get; init; } = "";
    /// <summary>Always empty: a secret.</summary>
    [JsonPropertyName("auth_password")] public string AuthPassword { get; init; } = "";
    /// <summary>Where users reach it; may be empty.</summary>
    [JsonPropertyName("tunnel_url")] public string TunnelUrl { get; init; } = "";
}

/// <summary>Payload of <see cref="RequestNames.UpdateClientMetadata"/>: what the agent's attributes file is to hold from now on.</summary>
public sealed record ClientMetadata
{
    /// <summary>Free words.</summary>
    [JsonPropertyName("tags")] public IReadOnlyList<string>? Tags { get; init; }
    /// <summary>Free key–value pairs.</summary>
    [JsonPropertyName("labels")] public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>Reply to <see cref="RequestNames.UpdateClientMetadata"/>.</summary>
public sealed record MetadataUpdated
{
    /// <summary>Always <c>OK</c>.</summary>
    [JsonPropertyName("status")] public string Status { get; init; } = "OK";
}
