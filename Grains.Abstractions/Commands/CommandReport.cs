using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>How a command ended, as its agent says; every text already within <see cref="CommandLimits"/>.</summary>
/// <param name="Status">Not <see cref="CommandStatus.Running"/>.</param>
/// <param name="Pid">The process; null where the agent does not say.</param>
/// <param name="StartedAt">By the agent's clock; null where it does not say.</param>
/// <param name="FinishedAt">By the agent's clock; null where it does not say.</param>
/// <param name="Error">Why it failed; may be empty.</param>
/// <param name="Output">What it wrote.</param>
[GenerateSerializer, Immutable, Alias("rport.CommandReport")]
public sealed record CommandReport(
    [property: Id(0)] CommandStatus Status,
    [property: Id(1)] int? Pid,
    [property: Id(2)] DateTimeOffset? StartedAt,
    [property: Id(3)] DateTimeOffset? FinishedAt,
    [property: Id(4)] string Error,
    [property: Id(5)] CommandOutput Output);

/// <summary>What a command wrote.</summary>
/// <param name="Stdout">The head of its standard output.</param>
/// <param name="Stderr">The head of its standard error.</param>
/// <param name="Summary">What it wrote between <c>&lt;summary&gt;</c> and its end tag.</param>
[GenerateSerializer, Immutable, Alias("rport.CommandOutput")]
public sealed record CommandOutput([property: Id(0)] string Stdout, [property: Id(1)] string Stderr, [property: Id(2)] string Summary);

/// <summary>How it stands with a command.</summary>
public enum CommandStatus
{
    /// <summary>It was, or is about to be, given to the agent.</summary>
    Running,
    /// <summary>It ended with exit code 0.</summary>
    Successful,
    /// <summary>It ended otherwise, or was never started.</summary>
    Failed,
    /// <summary>The agent stopped watching it, or never told.</summary>
    Unknown,
}
