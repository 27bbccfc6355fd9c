using System.Net;
using RPort.Grains.Abstractions;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>What sessions and their pushes say: events 4150 to 4249.</summary>
internal static partial class AgentSessionLog
{
    [LoggerMessage(4150, LogLevel.Information, "Agent {Client} connected from {Address}, credential {AuthId}, version {Version}, session {Session}")]
    public static partial void Registered(ILogger logger, ClientId client, IPAddress address, string authId, string version, SessionId session);

    [LoggerMessage(4151, LogLevel.Information, "Agent {Client} disconnected, session {Session}: {Reason}")]
    public static partial void Ended(ILogger logger, ClientId client, SessionId session, string reason);

    [LoggerMessage(4152, LogLevel.Information, "Agent from {Address} left unregistered: {Reason}")]
    public static partial void EndedUnregistered(ILogger logger, IPAddress address, string reason);

    [LoggerMessage(4153, LogLevel.Warning, "Agent from {Address} with credential {AuthId} refused: {Reason}")]
    public static partial void RegistrationRefused(ILogger logger, IPAddress address, string authId, string reason);

    [LoggerMessage(4154, LogLevel.Warning, "Heartbeat of {Client} not recorded: {Reason}")]
    public static partial void HeartbeatFailed(ILogger logger, ClientId client, string reason);

    [LoggerMessage(4155, LogLevel.Warning, "The end of session {Session} could not be recorded and shows when its lease runs out: {Reason}")]
    public static partial void DisconnectNotTold(ILogger logger, SessionId session, string reason);

    [LoggerMessage(4156, LogLevel.Error, "Session {Session} failed")]
    public static partial void Failed(ILogger logger, SessionId session, Exception error);

    [LoggerMessage(4157, LogLevel.Warning, "Agent {Client} asked for a channel of type {Type}; refused")]
    public static partial void ChannelRefused(ILogger logger, ClientId client, string type);

    [LoggerMessage(4158, LogLevel.Debug, "File channel of {Client} ended: {Reason}")]
    public static partial void FileChannelEnded(ILogger logger, ClientId client, string reason);

    [LoggerMessage(4200, LogLevel.Debug, "Push {Upload} sent to {Client}")]
    public static partial void PushSent(ILogger logger, UploadId upload, ClientId client);

    [LoggerMessage(EventId = 4201, Message = "Push {Upload} on {Client}: {Status}, {Outcome}")]
    public static partial void PushReported(ILogger logger, LogLevel level, UploadId upload, ClientId client, PushStatus status, ReportOutcome outcome);

    [LoggerMessage(4202, LogLevel.Warning, "Result of push {Upload} on {Client} not recorded: {Reason}")]
    public static partial void ReportFailed(ILogger logger, UploadId upload, ClientId client, string reason);

    [LoggerMessage(4203, LogLevel.Warning, "Push {Upload} on {Client} makes no progress; it will be ordered again")]
    public static partial void PushStalled(ILogger logger, UploadId upload, ClientId client);

    [LoggerMessage(4204, LogLevel.Warning, "Payload of push {Upload} cannot be read: {Reason}")]
    public static partial void PayloadUnreadable(ILogger logger, UploadId upload, string reason);

    [LoggerMessage(4205, LogLevel.Error, "Push {Upload} to {Client} failed here")]
    public static partial void PushFailed(ILogger logger, UploadId upload, ClientId client, Exception error);

    [LoggerMessage(4206, LogLevel.Warning, "Agent {Client} asked for a file that was not given to it")]
    public static partial void ForeignPath(ILogger logger, ClientId client);

    [LoggerMessage(4208, LogLevel.Error, "A question ({Question}) to a session could not be answered")]
    public static partial void QuestionFailed(ILogger logger, string question, Exception error);

    [LoggerMessage(4220, LogLevel.Warning, "Result of command {Job} on {Client} not recorded: {Reason}")]
    public static partial void CommandResultFailed(ILogger logger, JobId job, ClientId client, string reason);

    [LoggerMessage(4221, LogLevel.Error, "Result of command {Job} on {Client} is lost")]
    public static partial void CommandResultLost(ILogger logger, JobId job, ClientId client);

    [LoggerMessage(4222, LogLevel.Warning, "Agent {Client} reported command {Job}, which was not given to it or is forgotten")]
    public static partial void ForeignCommand(ILogger logger, ClientId client, JobId job);

    /// <summary>A close reason on one line.</summary>
    public static string Text(this SshCloseReason reason) => reason.ByPeer ? $"by the agent: {reason.Message}" : reason.Message;

    [LoggerMessage(4207, LogLevel.Information, "Agent {Client} cannot take push {Upload} now; it is asked again in {Pause} at the latest")]
    public static partial void PushPutOff(ILogger logger, UploadId upload, ClientId client, TimeSpan pause);
}
