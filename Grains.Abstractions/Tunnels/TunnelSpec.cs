using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>What runs through a tunnel.</summary>
[Flags]
public enum TunnelProtocol
{
    /// <summary>Connections.</summary>
    Tcp = 1,
    /// <summary>Datagrams.</summary>
    Udp = 2,
    /// <summary>Both, on one port number.</summary>
    TcpAndUdp = Tcp | Udp,
}

/// <summary>A tunnel as it was asked for: from a port of the gateway that holds the client's session to a port the client's machine can reach.</summary>
[GenerateSerializer, Immutable, Alias("rport.TunnelSpec")]
public sealed record TunnelSpec
{
    /// <summary>What its owner calls it; may be empty.</summary>
    [Id(0)] public string Name { get; init; } = "";
    /// <summary>What runs through it.</summary>
    [Id(1)] public TunnelProtocol Protocol { get; init; } = TunnelProtocol.Tcp;
    /// <summary>Address the gateway listens on, without brackets; <c>0.0.0.0</c> stands for every address, IPv6 too.</summary>
    [Id(2)] public string LocalHost { get; init; } = "0.0.0.0";
    /// <summary>Port the gateway listens on; 0 while the gateway may still choose one. Once chosen it stays, on every gateway.</summary>
    [Id(3)] public int LocalPort { get; init; }
    /// <summary>True where the gateway chose <see cref="LocalPort"/>.</summary>
    [Id(4)] public bool LocalPortRandom { get; init; }
    /// <summary>The user who made it; empty where the agent's own configuration asks for it.</summary>
    [Id(5)] public string Owner { get; init; } = "";
    /// <summary>Target as seen from the client: a name or an address, without brackets.</summary>
    [Id(6)] public string RemoteHost { get; init; } = "";
    /// <summary>The target's port, 1 to 65535.</summary>
    [Id(7)] public int RemotePort { get; init; }
    /// <summary>A hint for user interfaces, at most 15 characters; null when not given.</summary>
    [Id(8)] public string? Scheme { get; init; }
    /// <summary>Who may use it: addresses and CIDR networks separated by commas, in their shortest form. Never empty: empty lets nobody in.</summary>
    [Id(9)] public string Acl { get; init; } = "";
    /// <summary>Closed after so many minutes without a connection; 0 for never, at most 10080.</summary>
    [Id(10)] public int IdleTimeoutMinutes { get; init; }
    /// <summary>Closed so long after it was made, whatever its use; zero for never, at most 31 days.</summary>
    [Id(11)] public TimeSpan AutoClose { get; init; }
    /// <summary>Whether the gateway speaks HTTPS on the port and forwards requests.</summary>
    [Id(12)] public bool HttpProxy { get; init; }
    /// <summary>With <see cref="HttpProxy"/>: the Host header the target sees; empty for the target's own name.</summary>
    [Id(13)] public string HostHeader { get; init; } = "";
    /// <summary>With <see cref="HttpProxy"/>: the user asked for by HTTP basic authentication; empty for none.</summary>
    [Id(14)] public string AuthUser { get; init; } = "";
    /// <summary>A salted hash of that user's password. Never shown.</summary>
    [Id(15)] public string AuthPasswordHash { get; init; } = "";

    /// <summary>Leaves the hash out: it is next to a secret.</summary>
    public override string ToString() => $"TunnelSpec {{ {Protocol} {LocalHost}:{LocalPort} -> {RemoteHost}:{RemotePort} }}";
}

/// <summary>A tunnel that was made.</summary>
/// <param name="Id">Which one.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="Spec">What it is.</param>
[GenerateSerializer, Immutable, Alias("rport.TunnelRecord")]
public sealed record TunnelRecord([property: Id(0)] TunnelId Id, [property: Id(1)] DateTimeOffset CreatedAt, [property: Id(2)] TunnelSpec Spec);
