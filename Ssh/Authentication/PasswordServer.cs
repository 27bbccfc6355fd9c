using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Authentication;

/// <summary>The server's side: <c>none</c> is told the methods, <c>password</c> is asked of the application, all else fails.</summary>
internal sealed class PasswordServer(SshServerOptions options, PacketSender sender) : IAuthentication
{
    private const string Methods = "password";

    // Clients ask with "none" and offer their public keys before they come to the password; more than this is no client.
    private const int MaxOtherRequests = 32;

    private bool _serviceStarted;
    private int _attempts;
    private int _otherRequests;

    public string UserName { get; private set; } = "";

    public bool IsDone { get; private set; }

    public void Begin()
    {
    }

    public ValueTask HandleAsync(MessageNumber number, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        switch (number)
        {
            case MessageNumber.ServiceRequest:
                StartService(body.Span);
                return default;
            case MessageNumber.UserAuthRequest when IsDone:
                return default; // to be ignored in silence (RFC 4252 §5.1)
            case MessageNumber.UserAuthRequest when _serviceStarted:
                return OnRequestAsync(body.Span, cancellationToken);
            default:
                throw new SshProtocolException($"Message {(byte)number} is out of order in a login.");
        }
    }

    private void StartService(ReadOnlySpan<byte> body)
    {
        if (!ServiceMessage.TryRead(body, out string service))
        {
            throw new SshProtocolException("SERVICE_REQUEST is malformed.");
        }

        if (service != ServiceMessage.UserAuth)
        {
            throw new SshProtocolException(SshDisconnectReason.ServiceNotAvailable, "The service asked for is not offered.");
        }

        if (++_otherRequests > MaxOtherRequests)
        {
            throw TooMany();
        }

        _serviceStarted = true;
        sender.QueueAnswer(ServiceMessage.Encode(MessageNumber.ServiceAccept, service));
    }

    private ValueTask OnRequestAsync(ReadOnlySpan<byte> body, CancellationToken cancellationToken)
    {
        if (!UserAuthRequestMessage.TryRead(body, out UserAuthRequestMessage request))
        {
            throw new SshProtocolException("USERAUTH_REQUEST is malformed.");
        }

        if (request.Service != "ssh-connection")
        {
            throw new SshProtocolException(SshDisconnectReason.ServiceNotAvailable, "The service asked for is not offered.");
        }

        if (request.Password is null)
        {
            if (++_otherRequests > MaxOtherRequests)
            {
                throw TooMany();
            }

            sender.QueueAnswer(UserAuthFailureMessage.Encode(Methods));
            return default;
        }

        return OnPasswordAsync(request.UserName, request.Password, cancellationToken);
    }

    private async ValueTask OnPasswordAsync(string userName, string password, CancellationToken cancellationToken)
    {
        // The wait ends with the deadline even where the application does not heed the token.
        bool good = await options.AuthenticateAsync(new SshPasswordLogin(userName, password, ++_attempts), cancellationToken)
            .AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (good)
        {
            UserName = userName;
            IsDone = true;
            sender.QueueAnswer([(byte)MessageNumber.UserAuthSuccess]);
            return;
        }

        sender.QueueAnswer(UserAuthFailureMessage.Encode(Methods));
        if (_attempts >= options.MaxLoginAttempts)
        {
            throw TooMany();
        }
    }

    private static SshAuthenticationException TooMany() =>
        new(SshAuthenticationFailure.CredentialsRefused, "Too many failed logins on this connection.");
}
