namespace RPort.Ssh.Sftp;

/// <summary>An SFTP request that failed, or a session that ended because a peer broke the protocol or went silent.</summary>
public sealed class SftpException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="status">The server's status code; <see cref="SftpStatus.BadMessage"/> and <see cref="SftpStatus.ConnectionLost"/> are found out locally.</param>
    /// <param name="message">The server's text, or ours. Text of a peer is not trusted: show it, never act on it.</param>
    /// <param name="innerException">What caused it, if anything did.</param>
    public SftpException(SftpStatus status, string message, Exception? innerException = null)
        : base(message, innerException) => Status = status;

    /// <summary>The reason as a code.</summary>
    public SftpStatus Status { get; }
}
