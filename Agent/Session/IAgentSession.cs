using RPort.Agent.Connection;
using RPort.Ssh;

namespace RPort.Agent.Session;

/// <summary>A registered connection, as its supervisor sees it.</summary>
internal interface IAgentSession
{
    ServerAddress Server { get; }

    /// <summary>Completes when the gateway says that it stops and wants the agent to go to another one.</summary>
    Task HandoverWanted { get; }

    /// <summary>Serves until the connection ends; the token asks for an orderly end. Answers the first reason.</summary>
    Task<SshCloseReason> RunAsync(CancellationToken cancellationToken);

    /// <summary>Gives free what only one session at a time may hold.</summary>
    void Release();

    /// <summary>Ends the connection in order.</summary>
    ValueTask CloseAsync();
}

/// <summary>Opens a session, or throws one of the exceptions named at <see cref="GatewaySession.OpenAsync"/>.</summary>
internal delegate Task<IAgentSession> OpenSession(ServerAddress server, CancellationToken cancellationToken);

/// <summary>The gateway refused the credential.</summary>
internal sealed class LoginRefusedException(Exception inner)
    : Exception("the gateway refused the credential of Client:Auth (or it makes this address wait after failed log-ins)", inner);

/// <summary>The gateway took the login and refused the registration; the message is its text.</summary>
internal sealed class RegistrationRefusedException(string text) : Exception(text)
{
    /// <summary>An older connection of this client still counts as alive; that passes.</summary>
    public bool AlreadyConnected => Message.StartsWith("client is already connected", StringComparison.Ordinal);
}
