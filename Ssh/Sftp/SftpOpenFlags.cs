namespace RPort.Ssh.Sftp;

/// <summary>How a file is opened (<c>pflags</c>, draft-ietf-secsh-filexfer-02 section 6.3).</summary>
[Flags]
public enum SftpOpenFlags : uint
{
    /// <summary>Neither reading nor writing: no server accepts it.</summary>
    None = 0,

    /// <summary>For reading.</summary>
    Read = 0x01,

    /// <summary>For writing.</summary>
    Write = 0x02,

    /// <summary>Every write goes to the end.</summary>
    Append = 0x04,

    /// <summary>Made when absent.</summary>
    Create = 0x08,

    /// <summary>Emptied first; with <see cref="Create"/>.</summary>
    Truncate = 0x10,

    /// <summary>Refused when it exists; with <see cref="Create"/>.</summary>
    Exclusive = 0x20,
}
