using System.Text.Json.Serialization;

namespace RPort.Protocol;

/// <summary>
/// Payload of <see cref="RequestNames.RunCommand"/>, and with the result in it of <see cref="RequestNames.CommandResult"/>. Names on the wire are RPort's.
/// Times are texts here: agents write nine digits of a second, and a time that cannot be read must not cost a result.
/// </summary>
public sealed record CommandJob
{
    /// <summary>Which job, a UUID.</summary>
    [JsonPropertyName("jid")] public string Id { get; init; } = "";
    /// <summary>Empty in an order; <see cref="Successful"/>, <see cref="Failed"/> or <see cref="Unknown"/> in a result.</summary>
    [JsonPropertyName("status")] public string Status { get; init; } = "";
    /// <summary>RFC 3339; null in an order.</summary>
    [JsonPropertyName("finished_at")] public string? FinishedAt { get; init; }
    /// <summary>The client id.</summary>
    [JsonPropertyName("client_id")] public string ClientId { get; init; } = "";
    /// <summary>The client's name.</summary>
    [JsonPropertyName("client_name")] public string ClientName { get; init; } = "";
    /// <summary>The command line, or the text of a script.</summary>
    [JsonPropertyName("command")] public string Command { get; init; } = "";
    /// <summary>Where it runs; empty for the agent's default.</summary>
    [JsonPropertyName("cwd")] public string WorkingDirectory { get; init; } = "";
    /// <summary>What runs it; empty for the agent's default.</summary>
    [JsonPropertyName("interpreter")] public string Interpreter { get; init; } = "";
    /// <summary>The process; null in an order.</summary>
    [JsonPropertyName("pid")] public int? Pid { get; init; }
    /// <summary>RFC 3339; the year 1 in an order.</summary>
    [JsonPropertyName("started_at")] public string? StartedAt { get; init; } = "0001-01-01T00:00:00Z";
    /// <summary>The user who ordered it.</summary>
    [JsonPropertyName("created_by")] public string CreatedBy { get; init; } = "";
    /// <summary>Seconds the agent watches it.</summary>
    [JsonPropertyName("timeout_sec")] public int TimeoutSeconds { get; init; }
    /// <summary>Always null: one order is for one client.</summary>
    [JsonPropertyName("multi_job_id")] public string? MultiJobId { get; init; }
    /// <summary>Always null: there are no schedules.</summary>
    [JsonPropertyName("schedule_id")] public string? ScheduleId { get; init; }
    /// <summary>Why it failed; empty otherwise.</summary>
    [JsonPropertyName("error")] public string? Error { get; init; } = "";
    /// <summary>What it wrote; null in an order.</summary>
    [JsonPropertyName("result")] public CommandJobResult? Result { get; init; }
    /// <summary>Whether it runs by sudo.</summary>
    [JsonPropertyName("is_sudo")] public bool IsSudo { get; init; }
    /// <summary>Whether <see cref="Command"/> is a script.</summary>
    [JsonPropertyName("is_script")] public bool IsScript { get; init; }
    /// <summary>Whether the agent is to send output as it comes, on channels of its own; false, as the gateway takes none.</summary>
    [JsonPropertyName("stream_result")] public bool StreamResult { get; init; }

    /// <summary>It ended with exit code 0.</summary>
    public const string Successful = "successful";
    /// <summary>It ended otherwise; the error says how.</summary>
    public const string Failed = "failed";
    /// <summary>The agent stopped watching it at its timeout.</summary>
    public const string Unknown = "unknown";
}

/// <summary>What a command wrote.</summary>
public sealed record CommandJobResult
{
    /// <summary>Its standard output.</summary>
    [JsonPropertyName("stdout")] public string? Stdout { get; init; } = "";
    /// <summary>Its standard error.</summary>
    [JsonPropertyName("stderr")] public string? Stderr { get; init; } = "";
    /// <summary>What it wrote between <c>&lt;summary&gt;</c> and its end tag.</summary>
    [JsonPropertyName("summary")] public string? Summary { get; init; } = "";
}

/// <summary>Reply to <see cref="RequestNames.RunCommand"/>: it runs.</summary>
public sealed record CommandStarted
{
    /// <summary>The process.</summary>
    public int? Pid { get; init; }
    /// <summary>RFC 3339.</summary>
    public string? StartedAt { get; init; }
}
