using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>A template of a tunnel, kept for a client; nothing is opened by it.</summary>
[GenerateSerializer, Immutable, Alias("rport.StoredTunnel")]
public sealed record StoredTunnel
{
    /// <summary>Which one: a UUID.</summary>
    [Id(0)] public Guid Id { get; init; }
    /// <summary>When it was first kept.</summary>
    [Id(1)] public DateTimeOffset CreatedAt { get; init; }
    /// <summary>What users call it.</summary>
    [Id(2)] public string Name { get; init; } = "";
    /// <summary>As <see cref="TunnelSpec.Scheme"/>.</summary>
    [Id(3)] public string Scheme { get; init; } = "";
    /// <summary>The target's host as seen from the client.</summary>
    [Id(4)] public string RemoteIp { get; init; } = "";
    /// <summary>The target's port.</summary>
    [Id(5)] public int RemotePort { get; init; }
    /// <summary>The gateway's port; null for any.</summary>
    [Id(6)] public int? PublicPort { get; init; }
    /// <summary>As <see cref="TunnelSpec.Acl"/>; may be empty.</summary>
    [Id(7)] public string Acl { get; init; } = "";
    /// <summary>Whatever a user interface wants to keep beside it, as JSON.</summary>
    [Id(8)] public string FurtherOptionsJson { get; init; } = "";
}

/// <summary>What became of a change to a client's stored tunnels.</summary>
public enum StoredTunnelOutcome
{
    /// <summary>Kept, or removed.</summary>
    Done,
    /// <summary>There is no such client.</summary>
    UnknownClient,
    /// <summary>There is no stored tunnel of that id.</summary>
    NotFound,
    /// <summary>Refused: the client has <see cref="ClientLimits.MaxStoredTunnels"/> already.</summary>
    Full,
}
