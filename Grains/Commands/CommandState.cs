using Orleans;
using Orleans.Concurrency;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Commands;

/// <summary>The stored form of a command, and what may become of it. Not there before <see cref="Create"/>.</summary>
[GenerateSerializer, Immutable]
internal sealed record CommandState
{
    private const string NeverReported = "no result came in time";

    [Id(0)] public CommandRequest? Request { get; init; }
    [Id(1)] public DateTimeOffset CreatedAt { get; init; }
    [Id(2)] public CommandStatus Status { get; init; }
    [Id(3)] public int? Pid { get; init; }
    [Id(4)] public DateTimeOffset? StartedAt { get; init; }
    [Id(5)] public DateTimeOffset? FinishedAt { get; init; }
    [Id(6)] public string Error { get; init; } = "";
    [Id(7)] public CommandOutput? Output { get; init; }

    public static CommandState Create(CommandRequest request, DateTimeOffset now) => new() { Request = request, CreatedAt = now };

    public CommandState Started(int? pid, DateTimeOffset? startedAt) => IsRunning ? this with { Pid = pid, StartedAt = startedAt } : this;

    public CommandState Refused(string error, DateTimeOffset now) =>
        IsRunning ? this with { Status = CommandStatus.Failed, FinishedAt = now, Error = error, Output = new CommandOutput("", "", "") } : this;

    public CommandState Finish(CommandReport report, DateTimeOffset now) => !IsRunning ? this : this with
    {
        Status = report.Status,
        Pid = report.Pid ?? Pid,
        StartedAt = report.StartedAt ?? StartedAt,
        FinishedAt = report.FinishedAt ?? now,
        Error = report.Error,
        Output = report.Output,
    };

    public CommandView? View(DateTimeOffset now) => Request is null ? null : new CommandView
    {
        Request = Request,
        Status = IsOverdue(now) ? CommandStatus.Unknown : Status,
        Pid = Pid,
        StartedAt = StartedAt ?? CreatedAt,
        FinishedAt = IsOverdue(now) ? Deadline : FinishedAt,
        Error = IsOverdue(now) ? NeverReported : Error,
    };

    private bool IsRunning => Request is not null && Status == CommandStatus.Running;

    private DateTimeOffset Deadline => CreatedAt + (Request?.Timeout ?? default) + CommandLimits.Grace;

    // Not stored: a result that comes after all is better than none.
    private bool IsOverdue(DateTimeOffset now) => IsRunning && now >= Deadline;
}
