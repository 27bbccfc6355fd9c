using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>A push and all its targets as they stand now.</summary>
[GenerateSerializer, Immutable, Alias("rport.UploadView")]
public sealed record UploadView
{
    /// <summary>Which push.</summary>
    [Id(0)] public UploadId Id { get; init; }
    /// <summary>What was ordered.</summary>
    [Id(1)] public UploadRequest Request { get; init; } = new();
    /// <summary>When it was ordered.</summary>
    [Id(2)] public DateTimeOffset CreatedAt { get; init; }
    /// <summary>When the last target ended; null while one is pending.</summary>
    [Id(3)] public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>Every target.</summary>
    [Id(4)] public ImmutableArray<UploadTargetView> Targets { get; init; } = [];
    /// <summary>True while the payload is kept.</summary>
    [Id(5)] public bool PayloadKept { get; init; }
}

/// <summary>One target as it stands now.</summary>
[GenerateSerializer, Immutable, Alias("rport.UploadTargetView")]
public sealed record UploadTargetView(
    [property: Id(0)] ClientId Client,
    [property: Id(1)] PushStatus Status,
    [property: Id(2)] long Bytes,
    [property: Id(3)] string Message,
    [property: Id(4)] string FilePath,
    [property: Id(5)] long Size,
    [property: Id(6)] DateTimeOffset? StartedAt,
    [property: Id(7)] DateTimeOffset? FinishedAt);

/// <summary>A push in a list: counts instead of targets.</summary>
[GenerateSerializer, Immutable, Alias("rport.UploadSummary")]
public sealed record UploadSummary(
    [property: Id(0)] UploadId Id,
    [property: Id(1)] string Destination,
    [property: Id(2)] long Size,
    [property: Id(3)] string CreatedBy,
    [property: Id(4)] DateTimeOffset CreatedAt,
    [property: Id(5)] DateTimeOffset? FinishedAt,
    [property: Id(6)] int Targets,
    [property: Id(7)] int Pending,
    [property: Id(8)] int Succeeded,
    [property: Id(9)] int Ignored,
    [property: Id(10)] int Failed);
