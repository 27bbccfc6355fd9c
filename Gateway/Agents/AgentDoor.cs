using System.Net;
using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using RPort.Gateway.Access;
using RPort.Gateway.Agents.Admission;
using RPort.Gateway.Agents.Credentials;
using RPort.Gateway.Agents.Sessions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Agents;

/// <summary>
/// Where agents come in. Is it an upgrade to our sub-protocol on <c>/</c>? Then: a place, a handshake slot, the upgrade, the SSH handshake and login,
/// and the session until it ends. Anything else does not exist here: 404, empty.
/// </summary>
internal sealed class AgentDoor(
    ClientAddress addresses,
    AgentLoginGate logins,
    HandshakeAdmission admission,
    HandshakeThreads threads,
    HostKeyStore hostKey,
    SessionTable table,
    SessionEnvironment environment,
    IOptions<AgentDoorOptions> options,
    TimeProvider clock,
    ILogger<AgentDoor> logger)
{
    private const string RetryAfterSeconds = "10";

    /// <summary>Answers a request on the agent port. Returns when the agent has gone.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!IsAgent(context))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        IPAddress address = addresses.Of(context);
        if (logins.IsBanned(address))
        {
            environment.Metrics.HandshakeRejected("banned");
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (!table.TryEnter())
        {
            Refuse(context, address, "sessions");
            return;
        }

        try
        {
            await EnterAsync(context, address);
        }
        finally
        {
            table.Leave();
        }
    }

    // The path is exact: agents that are configured with a path would not find the existing server either.
    private static bool IsAgent(HttpContext context) =>
        context.WebSockets.IsWebSocketRequest
        && context.Request.Path.Value is "/" or ""
        && context.WebSockets.WebSocketRequestedProtocols is [RequestNames.WebSocketProtocol];

    private async Task EnterAsync(HttpContext context, IPAddress address)
    {
        using HandshakeSlot? slot = await admission.EnterAsync(address, context.RequestAborted);
        if (slot is null)
        {
            Refuse(context, address, "handshakes");
            return;
        }

        await using AgentSession session = new(environment, table, address);
        if (await HandshakeAsync(context, address, session, slot) is { } connection)
        {
            slot.Dispose();
            await using (connection)
            {
                await session.RunAsync(connection);
            }
        }
    }

    private async Task<SshConnection?> HandshakeAsync(HttpContext context, IPAddress address, AgentSession session, HandshakeSlot slot)
    {
        long start = clock.GetTimestamp();
        HandshakePace pace = new(threads, slot);
        try
        {
            await pace.ArrivedAsync(); // the request: from afar it comes later than the connection, on the thread of its socket

            // Existing agents tolerate that the sub-protocol is not echoed and expect neither pings nor compression.
            WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = TimeSpan.Zero });
            WebSocketByteStream stream = new(socket) { Pace = pace };
            SshConnection connection = await SshConnection.AcceptAsync(stream, SshOptions(address), session, slot.Token);
            stream.Pace = null;
            environment.Metrics.HandshakeDone(ok: true, clock.GetElapsedTime(start));
            return connection;
        }
        catch (Exception e) when (e is SshException or IOException or WebSocketException or OperationCanceledException)
        {
            environment.Metrics.HandshakeDone(ok: false, clock.GetElapsedTime(start));
            AgentDoorLog.HandshakeFailed(logger, address, e.Message);
            return null;
        }
    }

    private SshServerOptions SshOptions(IPAddress address) => new()
    {
        VersionLine = options.Value.VersionLine,
        HostKeys = [hostKey.Key],
        Ciphers = options.Value.Ciphers is { Length: > 0 } ciphers ? ciphers : SshAlgorithms.Ciphers,
        Macs = options.Value.Macs is { Length: > 0 } macs ? macs : SshAlgorithms.Macs,
        HandshakeTimeout = options.Value.HandshakeTimeout,
        LoginTimeout = options.Value.HandshakeTimeout,
        // An existing agent that carries out a push answers nothing else, and with 16 requests in its queue it would not even take the push's bytes.
        MaxUnansweredRequests = 8,
        MaxChannels = options.Value.MaxChannels,
        MaxUnreadBytes = 64 * 1024 * 1024, // what slow users of tunnels leave unread, an agent's connections together
        TimeProvider = clock,
        AuthenticateAsync = (login, _) => ValueTask.FromResult(logins.Admit(address, login)),
    };

    private void Refuse(HttpContext context, IPAddress address, string what)
    {
        environment.Metrics.HandshakeRejected(what);
        AgentDoorLog.Refused(logger, address, what);
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = RetryAfterSeconds;
    }
}
