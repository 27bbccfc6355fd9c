using RPort.Ssh.Wire;

namespace RPort.Ssh.Authentication;

/// <summary>USERAUTH_REQUEST (RFC 4252 §5), without its number.</summary>
/// <param name="UserName">The user.</param>
/// <param name="Service">The service to start.</param>
/// <param name="Method">The method.</param>
/// <param name="Password">The password of the method <c>password</c> (§8); null for other methods and for a password change.</param>
internal readonly record struct UserAuthRequestMessage(string UserName, string Service, string Method, string? Password)
{
    private const int MaxNameBytes = 256;
    private const int MaxPasswordBytes = 1024;

    public static bool TryRead(ReadOnlySpan<byte> body, out UserAuthRequestMessage message)
    {
        message = default;
        SshReader reader = new(body);
        if (!reader.TryReadText(MaxNameBytes, out string user)
            || !reader.TryReadText(MaxNameBytes, out string service)
            || !reader.TryReadText(MaxNameBytes, out string method))
        {
            return false;
        }

        string? password = null;
        if (method == "password")
        {
            if (!reader.TryReadBoolean(out bool change) || !reader.TryReadText(MaxPasswordBytes, out string given))
            {
                return false;
            }

            password = change ? null : given;
        }

        message = new UserAuthRequestMessage(user, service, method, password);
        return true;
    }

    public static byte[] EncodePassword(string user, string password)
    {
        using SshWriter writer = new(stackalloc byte[512]);
        writer.WriteByte((byte)MessageNumber.UserAuthRequest);
        writer.WriteString(user);
        writer.WriteString("ssh-connection"u8);
        writer.WriteString("password"u8);
        writer.WriteBoolean(false);
        writer.WriteString(password);
        return writer.Written.ToArray();
    }
}

/// <summary>USERAUTH_FAILURE (RFC 4252 §5.1), without its number.</summary>
internal readonly record struct UserAuthFailureMessage(string[] Methods, bool PartialSuccess)
{
    public static bool TryRead(ReadOnlySpan<byte> body, out UserAuthFailureMessage message)
    {
        SshReader reader = new(body);
        bool read = reader.TryReadNameList(1024, 64, out string[] methods) & reader.TryReadBoolean(out bool partial);
        message = new UserAuthFailureMessage(methods, partial);
        return read;
    }

    public static byte[] Encode(string methods)
    {
        using SshWriter writer = new(stackalloc byte[64]);
        writer.WriteByte((byte)MessageNumber.UserAuthFailure);
        writer.WriteString(methods);
        writer.WriteBoolean(false);
        return writer.Written.ToArray();
    }
}

/// <summary>SERVICE_REQUEST and SERVICE_ACCEPT (RFC 4253 §10): a number and a name.</summary>
internal static class ServiceMessage
{
    public const string UserAuth = "ssh-userauth";

    public static bool TryRead(ReadOnlySpan<byte> body, out string service) => new SshReader(body).TryReadText(64, out service);

    public static byte[] Encode(MessageNumber number, string service)
    {
        using SshWriter writer = new(stackalloc byte[64]);
        writer.WriteByte((byte)number);
        writer.WriteString(service);
        return writer.Written.ToArray();
    }
}
