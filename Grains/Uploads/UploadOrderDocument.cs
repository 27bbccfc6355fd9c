using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>What was ordered, as stored: written once, so that later writes carry results only.</summary>
[GenerateSerializer]
internal sealed record UploadOrderDocument
{
    [Id(0)] public UploadRequest? Request { get; init; }
    [Id(1)] public DateTimeOffset CreatedAt { get; init; }
}
