using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Authentication;

/// <summary>The client's side: the password, once, straight away.</summary>
internal sealed class PasswordClient(SshClientOptions options, PacketSender sender) : IAuthentication
{
    private bool _asked;

    public string UserName => options.UserName;

    public bool IsDone { get; private set; }

    public void Begin() => sender.QueueAnswer(ServiceMessage.Encode(MessageNumber.ServiceRequest, ServiceMessage.UserAuth));

    public ValueTask HandleAsync(MessageNumber number, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        switch (number)
        {
            case MessageNumber.ServiceAccept when !_asked:
                _asked = true;
                sender.QueueAnswer(UserAuthRequestMessage.EncodePassword(options.UserName, options.Password));
                return default;
            case MessageNumber.UserAuthSuccess when _asked && !IsDone:
                IsDone = true;
                return default;
            case MessageNumber.UserAuthBanner:
                return default; // text for a person; there is none here
            case MessageNumber.UserAuthFailure when _asked && !IsDone:
                throw Refused(body.Span);
            case MessageNumber.UserAuthPasswordChangeRequest when _asked && !IsDone:
                throw new SshAuthenticationException(SshAuthenticationFailure.CredentialsRefused, "The server wants the password changed.");
            default:
                throw new SshProtocolException($"Message {(byte)number} is out of order in a login.");
        }
    }

    private static SshException Refused(ReadOnlySpan<byte> body)
    {
        if (!UserAuthFailureMessage.TryRead(body, out UserAuthFailureMessage failure))
        {
            return new SshProtocolException("USERAUTH_FAILURE is malformed.");
        }

        string methods = string.Join(',', failure.Methods);
        return new SshAuthenticationException(
            SshAuthenticationFailure.CredentialsRefused, $"The server refused user name and password; it would go on with: {methods}.");
    }
}
