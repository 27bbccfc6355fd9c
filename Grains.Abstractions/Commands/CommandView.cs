using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>A command as it stands. Its output is asked for by itself: <see cref="ICommandGrain.GetOutputAsync"/>.</summary>
[GenerateSerializer, Immutable, Alias("rport.CommandView")]
public sealed record CommandView
{
    /// <summary>The order.</summary>
    [Id(0)] public CommandRequest Request { get; init; } = new();
    /// <summary>How it stands.</summary>
    [Id(1)] public CommandStatus Status { get; init; }
    /// <summary>The process; null before it is known.</summary>
    [Id(2)] public int? Pid { get; init; }
    /// <summary>By the agent's clock; the time of the order before it is known.</summary>
    [Id(3)] public DateTimeOffset StartedAt { get; init; }
    /// <summary>By the agent's clock; null while it runs.</summary>
    [Id(4)] public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>Why it failed; empty otherwise.</summary>
    [Id(5)] public string Error { get; init; } = "";
}

/// <summary>A command in a list.</summary>
[GenerateSerializer, Immutable, Alias("rport.CommandSummary")]
public sealed record CommandSummary(
    [property: Id(0)] JobId Job, [property: Id(1)] CommandStatus Status, [property: Id(2)] DateTimeOffset? FinishedAt, [property: Id(3)] string Summary);

/// <summary>A stretch of a client's commands.</summary>
/// <param name="Total">How many there are in all.</param>
/// <param name="Jobs">Newest first.</param>
[GenerateSerializer, Immutable, Alias("rport.CommandPage")]
public sealed record CommandPage([property: Id(0)] int Total, [property: Id(1)] ImmutableArray<JobId> Jobs);
