using Microsoft.Extensions.Logging;

namespace RPort.Agent.Logging;

/// <summary>The agent's log events, 5000 and up; file reception has those from 5100.</summary>
internal static partial class AgentLog
{
    [LoggerMessage(5000, LogLevel.Information, "rport-agent {Version} starts as client {Id} ({Name}), session {SessionId}")]
    public static partial void Starting(this ILogger logger, string version, string id, string name, string sessionId);

    [LoggerMessage(5001, LogLevel.Information, "connected to {Server}")]
    public static partial void Connected(this ILogger logger, Connection.ServerAddress server);

    [LoggerMessage(5002, LogLevel.Warning, "connection attempt to {Server} failed")]
    public static partial void AttemptFailed(this ILogger logger, Connection.ServerAddress server, Exception error);

    [LoggerMessage(5003, LogLevel.Warning, "connection to {Server} ended: {Reason}")]
    public static partial void ConnectionEnded(this ILogger logger, Connection.ServerAddress server, string reason);

    [LoggerMessage(5004, LogLevel.Information, "next connection attempt in {Seconds:0.0} s")]
    public static partial void Waiting(this ILogger logger, double seconds);

    [LoggerMessage(5005, LogLevel.Information, "{Server} can be reached again, leaving the fallback")]
    public static partial void SwitchingBack(this ILogger logger, Connection.ServerAddress server);

    [LoggerMessage(5014, LogLevel.Information, "{Server} stops soon, going to another gateway")]
    public static partial void HandoverAsked(this ILogger logger, Connection.ServerAddress server);

    [LoggerMessage(5015, LogLevel.Information, "{Server} has taken over")]
    public static partial void HandedOver(this ILogger logger, Connection.ServerAddress server);

    [LoggerMessage(5006, LogLevel.Debug, "{Server} cannot be reached yet, staying on the fallback")]
    public static partial void StayingOnFallback(this ILogger logger, Connection.ServerAddress server, Exception error);

    [LoggerMessage(5007, LogLevel.Information, "asked to reconnect")]
    public static partial void ReconnectAsked(this ILogger logger);

    [LoggerMessage(5008, LogLevel.Error, "the host key is {Sha256} (MD5 {Md5}) and not the one in Client:Fingerprint; no credentials were sent")]
    public static partial void UnexpectedHostKey(this ILogger logger, string sha256, string md5);

    [LoggerMessage(5009, LogLevel.Warning, "the client is connected already, or its last connection was not noticed to be dead yet")]
    public static partial void AlreadyConnected(this ILogger logger);

    [LoggerMessage(5010, LogLevel.Information, "stopped")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(5011, LogLevel.Warning, "the attributes file is not used")]
    public static partial void AttributesUnusable(this ILogger logger, Exception error);

    [LoggerMessage(5012, LogLevel.Error, "cannot start: {Why}")]
    public static partial void CannotStart(this ILogger logger, string why);

    [LoggerMessage(5013, LogLevel.Error, "unexpected error in a connection attempt to {Server}")]
    public static partial void AttemptBroke(this ILogger logger, Connection.ServerAddress server, Exception error);
}
