using System.Globalization;
using RPort.Grains.Abstractions;
using RPort.Protocol;

namespace RPort.Gateway.Agents.Commands;

/// <summary>Makes reports of what agents say of commands.</summary>
internal static class CommandReports
{
    /// <summary>The report in a result, every length bounded; null where it makes no sense. Whose job it is, is not looked at: the caller knows who speaks.</summary>
    public static (JobId Job, CommandReport Report)? TryRead(ReadOnlyMemory<byte> payload)
    {
        if (ProtocolJson.TryRead(payload, ProtocolJson.Default.CommandJob) is not { } job || !JobId.TryParse(job.Id, null, out JobId id))
        {
            return null;
        }

        CommandStatus? status = job.Status switch
        {
            CommandJob.Successful => CommandStatus.Successful,
            CommandJob.Failed => CommandStatus.Failed,
            CommandJob.Unknown => CommandStatus.Unknown,
            _ => null,
        };
        return status is null ? null : (id, new CommandReport(
            status.Value,
            job.Pid,
            Time(job.StartedAt),
            Time(job.FinishedAt),
            TextHead.Of(job.Error, CommandLimits.MaxTextBytes),
            new CommandOutput(
                TextHead.Of(job.Result?.Stdout, CommandLimits.MaxStdoutBytes),
                TextHead.Of(job.Result?.Stderr, CommandLimits.MaxStderrBytes),
                TextHead.Of(job.Result?.Summary, CommandLimits.MaxTextBytes))));
    }

    /// <summary>A time as agents write it; null for the year 1, which is their "none", and for what is no time.</summary>
    public static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) && time.UtcDateTime.Year > 1
            ? time.ToUniversalTime()
            : null;
}
