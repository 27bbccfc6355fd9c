using System.Net;

namespace RPort.Gateway.Agents;

/// <summary>What the door says: events 4100 to 4149.</summary>
internal static partial class AgentDoorLog
{
    [LoggerMessage(4100, LogLevel.Information, "{Count} agent credentials read from {File}")]
    public static partial void CredentialsRead(ILogger logger, int count, string file);

    [LoggerMessage(4101, LogLevel.Error, "The former agent credentials stay in force: {Reason}")]
    public static partial void CredentialsUnreadable(ILogger logger, string reason);

    [LoggerMessage(4102, LogLevel.Warning, "No agent credential is configured; one was made and written to {File}")]
    public static partial void CredentialMade(ILogger logger, string file);

    [LoggerMessage(4103, LogLevel.Warning, "Agent login refused: {Name} from {Address}")]
    public static partial void LoginRefused(ILogger logger, string name, IPAddress address);

    [LoggerMessage(4104, LogLevel.Information, "Agent login refused unseen, too soon after a failure: {Name} from {Address}")]
    public static partial void LoginMustWait(ILogger logger, string name, IPAddress address);

    [LoggerMessage(4105, LogLevel.Warning, "{Address} failed too often and is banned from the agent port for {BanTime}")]
    public static partial void AddressBanned(ILogger logger, IPAddress address, TimeSpan banTime);

    [LoggerMessage(4106, LogLevel.Information, "Host key {Source}: {Sha256}, MD5 {Md5}")]
    public static partial void HostKeyInUse(ILogger logger, string source, string sha256, string md5);

    [LoggerMessage(4107, LogLevel.Debug, "Handshake with {Address} failed: {Reason}")]
    public static partial void HandshakeFailed(ILogger logger, IPAddress address, string reason);

    [LoggerMessage(4108, LogLevel.Warning, "Connection from {Address} answered with 503: {Reason}")]
    public static partial void Refused(ILogger logger, IPAddress address, string reason);

    [LoggerMessage(4109, LogLevel.Information, "Closing {Count} agent sessions")]
    public static partial void ClosingSessions(ILogger logger, int count);

    [LoggerMessage(4190, LogLevel.Information, "This gateway stops: its {Count} agents are sent to other gateways within {Time}")]
    public static partial void Draining(ILogger logger, int count, TimeSpan time);
}
