using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>One client as operators see it: what <c>GET /clients/{id}</c> shows and the directory filters by.</summary>
[GenerateSerializer, Immutable, Alias("rport.ClientRecord")]
public sealed record ClientRecord
{
    /// <summary>Which client.</summary>
    [Id(0)] public ClientId Id { get; init; }
    /// <summary>What the machine said of itself at its last connect.</summary>
    [Id(1)] public ClientInventory Inventory { get; init; } = new();
    /// <summary>The address the agent last dialled from, without port.</summary>
    [Id(2)] public string Address { get; init; } = "";
    /// <summary>The credential the agent logged in with (its name, never its secret).</summary>
    [Id(3)] public string ClientAuthId { get; init; } = "";
    /// <summary>True while a session is alive.</summary>
    [Id(4)] public bool Connected { get; init; }
    /// <summary>When the last session ended; null while connected.</summary>
    [Id(5)] public DateTimeOffset? DisconnectedAt { get; init; }
    /// <summary>When the agent last proved to be alive.</summary>
    [Id(6)] public DateTimeOffset? LastHeartbeatAt { get; init; }
    /// <summary>When the client was first seen.</summary>
    [Id(7)] public DateTimeOffset FirstSeenAt { get; init; }
    /// <summary>User groups that may see this client; empty means administrators only.</summary>
    [Id(8)] public ImmutableArray<string> AllowedUserGroups { get; init; } = [];
    /// <summary>Its tunnels, in order of id; they outlive sessions.</summary>
    [Id(9)] public ImmutableArray<TunnelRecord> Tunnels { get; init; } = [];
}
