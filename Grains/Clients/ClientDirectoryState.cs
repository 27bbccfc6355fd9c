using System.Collections.Immutable;
using Orleans;

namespace RPort.Grains.Clients;

/// <summary>Which clients a shard holds. Their records are not stored here: the client grains have them.</summary>
[GenerateSerializer]
internal sealed record ClientDirectoryState
{
    [Id(0)] public ImmutableHashSet<string> Clients { get; init; } = [];
}
