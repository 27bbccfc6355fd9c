namespace RPort.Ssh;

/// <summary>Root of everything that goes wrong with an SSH connection.</summary>
public abstract class SshException : Exception
{
    private protected SshException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>The peer broke the protocol, or a limit of ours. The connection is over.</summary>
public sealed class SshProtocolException : SshException
{
    internal SshProtocolException(SshDisconnectReason reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    internal SshProtocolException(string message)
        : this(SshDisconnectReason.ProtocolError, message)
    {
    }

    /// <summary>The code that was sent to the peer.</summary>
    public SshDisconnectReason Reason { get; }
}

/// <summary>The connection ended before the operation did.</summary>
public sealed class SshConnectionClosedException : SshException
{
    internal SshConnectionClosedException(SshCloseReason reason)
        : base($"The SSH connection is closed: {reason.Message}", reason.Error) => Reason = reason;

    /// <summary>The first reason for the end.</summary>
    public SshCloseReason Reason { get; }
}

/// <summary>One side would not believe the other: the host key or the password was refused.</summary>
public sealed class SshAuthenticationException : SshException
{
    internal SshAuthenticationException(SshAuthenticationFailure failure, string message)
        : base(message) => Failure = failure;

    /// <summary>Which of the two.</summary>
    public SshAuthenticationFailure Failure { get; }
}

/// <summary>The peer refused to open a channel (RFC 4254 §5.1), or <see cref="SshConnectionOptions.MaxChannels"/> are open.</summary>
public sealed class SshChannelOpenException : SshException
{
    internal SshChannelOpenException(SshChannelOpenFailure reason, string message)
        : base(message) => Reason = reason;

    /// <summary>The peer's code.</summary>
    public SshChannelOpenFailure Reason { get; }
}

/// <summary>The channel was closed, by either side, while the connection lives on.</summary>
public sealed class SshChannelClosedException : SshException
{
    internal SshChannelClosedException(string message)
        : base(message)
    {
    }
}
