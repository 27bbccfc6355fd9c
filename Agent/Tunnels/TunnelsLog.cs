using Microsoft.Extensions.Logging;

namespace RPort.Agent.Tunnels;

internal static partial class TunnelsLog
{
    [LoggerMessage(5401, LogLevel.Warning, "A tunnel to {Target} is not allowed by Client:TunnelAllowed")]
    public static partial void Denied(ILogger logger, TunnelTarget target);

    [LoggerMessage(5402, LogLevel.Information, "A tunnel connection failed: {Reason}")]
    public static partial void Unreachable(ILogger logger, string reason);

    [LoggerMessage(5403, LogLevel.Warning, "A tunnel to {Target} was refused: Client:MaxTunnelConnections are open")]
    public static partial void TooMany(ILogger logger, TunnelTarget target);

    [LoggerMessage(5404, LogLevel.Warning, "The datagram tunnel to {Target} is closed: {Reason}")]
    public static partial void DatagramsMalformed(ILogger logger, TunnelTarget target, string reason);

    [LoggerMessage(5405, LogLevel.Information, "The datagram tunnel to {Target} has ended; {Dropped} datagrams were dropped")]
    public static partial void DatagramsEnded(ILogger logger, TunnelTarget target, long dropped);
}
