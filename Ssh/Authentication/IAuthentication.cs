using RPort.Ssh.Wire;

namespace RPort.Ssh.Authentication;

/// <summary>One side of the login (RFC 4252). Driven by the receive loop, which reads nothing more while it waits.</summary>
internal interface IAuthentication
{
    /// <summary>The user that logged in, once <see cref="IsDone"/>.</summary>
    string UserName { get; }

    /// <summary>The peers believe each other.</summary>
    bool IsDone { get; }

    /// <summary>The first keys hold.</summary>
    void Begin();

    /// <summary>Handles the messages 5, 6 and 50 to 79.</summary>
    /// <exception cref="SshProtocolException">Malformed, out of order, or one attempt too many.</exception>
    /// <exception cref="SshAuthenticationException">Refused.</exception>
    ValueTask HandleAsync(MessageNumber number, ReadOnlyMemory<byte> body, CancellationToken cancellationToken);
}
