using Microsoft.Extensions.Logging;

namespace RPort.Agent.Files;

internal static partial class FilesLog
{
    [LoggerMessage(5301, LogLevel.Information, "Push {Id} to {Destination} taken on")]
    public static partial void Taken(ILogger logger, string id, string destination);

    [LoggerMessage(5302, LogLevel.Warning, "Push {Id} refused: {Reason}")]
    public static partial void Refused(ILogger logger, string id, string reason);

    [LoggerMessage(5303, LogLevel.Information, "Push {Id} ended with {Status}: {Message}")]
    public static partial void Ended(ILogger logger, string id, string status, string message);

    [LoggerMessage(5304, LogLevel.Information, "Push {Id} waits for the next connection")]
    public static partial void Suspended(ILogger logger, string id);

    [LoggerMessage(5305, LogLevel.Information, "Push {Id} was taken back")]
    public static partial void Cancelled(ILogger logger, string id);

    [LoggerMessage(5306, LogLevel.Information, "The fetch of push {Id} broke off after {Bytes} bytes: {Reason}")]
    public static partial void FetchBrokeOff(ILogger logger, string id, long bytes, string reason);

    [LoggerMessage(5307, LogLevel.Warning, "The result of push {Id} could not be reported: {Reason}")]
    public static partial void ReportFailed(ILogger logger, string id, string reason);

    [LoggerMessage(5308, LogLevel.Information, "Removed {Count} leftovers of old pushes")]
    public static partial void Swept(ILogger logger, int count);

    [LoggerMessage(5309, LogLevel.Error, "The journal of pushes in {Folder} cannot be used: {Reason}")]
    public static partial void JournalFailed(ILogger logger, string folder, string reason);

    [LoggerMessage(5310, LogLevel.Error, "Push {Id} failed unexpectedly")]
    public static partial void Unexpected(ILogger logger, string id, Exception error);

    [LoggerMessage(5311, LogLevel.Information, "Push {Id} resumes at {Bytes} bytes")]
    public static partial void Resumed(ILogger logger, string id, long bytes);
}
