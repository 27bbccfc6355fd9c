namespace RPort.Ssh.Sftp;

/// <summary>Status codes of SFTP version 3 (draft-ietf-secsh-filexfer-02 section 7). A server may send others; they are passed on as numbers.</summary>
public enum SftpStatus : uint
{
    /// <summary>SSH_FX_OK: done.</summary>
    Ok = 0,

    /// <summary>SSH_FX_EOF: nothing at or after this offset.</summary>
    EndOfFile = 1,

    /// <summary>SSH_FX_NO_SUCH_FILE.</summary>
    NoSuchFile = 2,

    /// <summary>SSH_FX_PERMISSION_DENIED.</summary>
    PermissionDenied = 3,

    /// <summary>SSH_FX_FAILURE: the message says what.</summary>
    Failure = 4,

    /// <summary>SSH_FX_BAD_MESSAGE: the other end sent what is no valid packet.</summary>
    BadMessage = 5,

    /// <summary>SSH_FX_NO_CONNECTION: never sent, only found out locally.</summary>
    NoConnection = 6,

    /// <summary>SSH_FX_CONNECTION_LOST: never sent, only found out locally.</summary>
    ConnectionLost = 7,

    /// <summary>SSH_FX_OP_UNSUPPORTED.</summary>
    OperationUnsupported = 8,
}
