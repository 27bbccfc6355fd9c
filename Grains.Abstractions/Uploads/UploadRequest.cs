using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>One file push as an operator ordered it, its payload already stored.</summary>
[GenerateSerializer, Immutable, Alias("rport.UploadRequest")]
public sealed record UploadRequest
{
    /// <summary>What every target is to do.</summary>
    [Id(0)] public PushOrder Order { get; init; } = new();
    /// <summary>The targets, without duplicates.</summary>
    [Id(1)] public ImmutableArray<UploadTarget> Targets { get; init; } = [];
    /// <summary>The user who ordered it.</summary>
    [Id(2)] public string CreatedBy { get; init; } = "";
    /// <summary>The uploaded file's own name; for display only.</summary>
    [Id(3)] public string SourceName { get; init; } = "";
    /// <summary>True: targets that are offline wait until <see cref="ExpiresAt"/>; false: they fail at once.</summary>
    [Id(4)] public bool KeepForOffline { get; init; }
    /// <summary>When unfinished targets expire.</summary>
    [Id(5)] public DateTimeOffset ExpiresAt { get; init; }
    /// <summary>How many connected targets may be under way at a time; 0 for no bound of its own.</summary>
    [Id(6)] public int MaxConcurrent { get; init; }
    /// <summary>How long the payload of a push with failed targets is kept after its end, for a retry.</summary>
    [Id(7)] public TimeSpan RetryWindow { get; init; }
}

/// <summary>One target at the time of the order.</summary>
[GenerateSerializer, Immutable, Alias("rport.UploadTarget")]
public readonly record struct UploadTarget([property: Id(0)] ClientId Client, [property: Id(1)] bool WasConnected);
