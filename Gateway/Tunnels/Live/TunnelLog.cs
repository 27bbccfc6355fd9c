using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>What is logged of tunnels.</summary>
internal static partial class TunnelLog
{
    [LoggerMessage(4300, LogLevel.Information, "Client {Client}: tunnel {Tunnel} is open, port {Port} to {Target}")]
    public static partial void Opened(ILogger logger, ClientId client, TunnelId tunnel, int port, string target);

    [LoggerMessage(4301, LogLevel.Information, "Client {Client}: tunnel {Tunnel} is closed for good: {Reason}")]
    public static partial void Closed(ILogger logger, ClientId client, TunnelId tunnel, string reason);

    [LoggerMessage(4302, LogLevel.Warning, "Client {Client}: tunnel {Tunnel} cannot be opened again yet: {Reason}")]
    public static partial void NotReopened(ILogger logger, ClientId client, TunnelId tunnel, string reason);

    [LoggerMessage(4303, LogLevel.Warning, "Port {Port}: a connection could not be accepted: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, int port, string reason);

    [LoggerMessage(4304, LogLevel.Error, "Client {Client}: tunnel {Tunnel} could not be recorded as closed; this is tried again")]
    public static partial void NotRecorded(ILogger logger, ClientId client, TunnelId tunnel, Exception error);

    [LoggerMessage(4305, LogLevel.Warning, "Client {Client} asks for a tunnel that it cannot have: {Reason}")]
    public static partial void RemoteRefused(ILogger logger, ClientId client, string reason);

    [LoggerMessage(4306, LogLevel.Error, "Client {Client}: the upkeep of its tunnels failed and goes on")]
    public static partial void UpkeepFailed(ILogger logger, ClientId client, Exception error);

    [LoggerMessage(4307, LogLevel.Warning, "Port {Port}: the datagram channel to the client was lost: {Reason}")]
    public static partial void DatagramChannelLost(ILogger logger, int port, string reason);

    [LoggerMessage(4308, LogLevel.Error, "Port {Port}: the web server of the tunnel failed")]
    public static partial void ProxyFailed(ILogger logger, int port, Exception error);
}
