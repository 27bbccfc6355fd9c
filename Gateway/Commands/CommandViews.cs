using System.Globalization;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Commands;

/// <summary>The answer to an order: the agent has it.</summary>
internal sealed record OrderedView(string Jid);

/// <summary>A command in a list.</summary>
internal sealed record CommandSummaryView(string Jid, string Status, DateTimeOffset? FinishedAt, SummaryView Result)
{
    public static CommandSummaryView From(CommandSummary command) =>
        new(command.Job.ToString(), JobView.StatusText(command.Status), command.FinishedAt, new SummaryView(command.Summary));
}

/// <summary>The part of a result that lists show.</summary>
internal sealed record SummaryView(string Summary);

/// <summary>What a command wrote.</summary>
internal sealed record ResultView(string Stdout, string Stderr, string Summary);

/// <summary>A command with all that is known of it.</summary>
internal sealed record JobView
{
    public required string Jid { get; init; }
    /// <summary>running, successful, failed or unknown.</summary>
    public required string Status { get; init; }
    public required DateTimeOffset? FinishedAt { get; init; }
    public required string ClientId { get; init; }
    public required string ClientName { get; init; }
    public required string Command { get; init; }
    public required string Cwd { get; init; }
    public required string Interpreter { get; init; }
    public required int? Pid { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required string CreatedBy { get; init; }
    public required int TimeoutSec { get; init; }
    public string? MultiJobId { get; init; }
    public string? ScheduleId { get; init; }
    public required string Error { get; init; }
    public required ResultView? Result { get; init; }
    public required bool IsSudo { get; init; }
    public required bool IsScript { get; init; }
    public bool StreamResult { get; init; }

    public static JobView From(CommandView command, CommandOutput? output) => new()
    {
        Jid = command.Request.Job.ToString(),
        Status = StatusText(command.Status),
        FinishedAt = command.FinishedAt,
        ClientId = command.Request.Client.Value,
        ClientName = command.Request.ClientName,
        Command = command.Request.Command,
        Cwd = command.Request.WorkingDirectory,
        Interpreter = command.Request.Interpreter,
        Pid = command.Pid,
        StartedAt = command.StartedAt,
        CreatedBy = command.Request.CreatedBy,
        TimeoutSec = (int)command.Request.Timeout.TotalSeconds,
        Error = command.Error,
        Result = output is null ? null : new ResultView(output.Stdout, output.Stderr, output.Summary),
        IsSudo = command.Request.IsSudo,
        IsScript = command.Request.IsScript,
    };

    public static string StatusText(CommandStatus status) => status.ToString().ToLower(CultureInfo.InvariantCulture);
}
