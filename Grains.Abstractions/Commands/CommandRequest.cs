using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>One command or script as a user ordered it for one client.</summary>
[GenerateSerializer, Immutable, Alias("rport.CommandRequest")]
public sealed record CommandRequest
{
    /// <summary>Which job.</summary>
    [Id(0)] public JobId Job { get; init; }
    /// <summary>The client that is to run it; only its results count.</summary>
    [Id(1)] public ClientId Client { get; init; }
    /// <summary>The client's name at that time.</summary>
    [Id(2)] public string ClientName { get; init; } = "";
    /// <summary>The command line, or the script's text; at most <see cref="CommandLimits.MaxCommandBytes"/>.</summary>
    [Id(3)] public string Command { get; init; } = "";
    /// <summary>True for a script.</summary>
    [Id(4)] public bool IsScript { get; init; }
    /// <summary>What runs it; empty for the agent's default.</summary>
    [Id(5)] public string Interpreter { get; init; } = "";
    /// <summary>Where it runs; empty for the agent's default.</summary>
    [Id(6)] public string WorkingDirectory { get; init; } = "";
    /// <summary>Whether the agent runs it by sudo.</summary>
    [Id(7)] public bool IsSudo { get; init; }
    /// <summary>How long the agent watches it.</summary>
    [Id(8)] public TimeSpan Timeout { get; init; }
    /// <summary>The user who ordered it.</summary>
    [Id(9)] public string CreatedBy { get; init; } = "";
}
