using System.Collections.Immutable;
using Orleans;

namespace RPort.Grains.Uploads;

/// <summary>What the feed grain persists: who subscribes, as the <see cref="Orleans.Runtime.GrainId"/> of each observer.</summary>
[GenerateSerializer]
internal sealed record UploadFeedState
{
    [Id(0)] public ImmutableHashSet<string> Subscribers { get; init; } = [];
}
