namespace RPort.Ssh.Sftp;

/// <summary>What is known of a file (ATTRS, draft-ietf-secsh-filexfer-02 section 5). A null field is absent on the wire.</summary>
public sealed record SftpAttributes
{
    /// <summary>POSIX type bits of a regular file (<c>S_IFREG</c>), part of <see cref="Permissions"/>.</summary>
    public const uint RegularFile = 0x8000;

    /// <summary>POSIX type bits of a directory (<c>S_IFDIR</c>), part of <see cref="Permissions"/>.</summary>
    public const uint Directory = 0x4000;

    /// <summary>Bytes in the file.</summary>
    public long? Size { get; init; }

    /// <summary>Owner; travels only together with <see cref="GroupId"/>.</summary>
    public uint? UserId { get; init; }

    /// <summary>Group; travels only together with <see cref="UserId"/>.</summary>
    public uint? GroupId { get; init; }

    /// <summary>POSIX mode: type bits and permission bits.</summary>
    public uint? Permissions { get; init; }

    /// <summary>Last access, whole seconds up to the year 2106; travels only together with <see cref="Modified"/>.</summary>
    public DateTimeOffset? Accessed { get; init; }

    /// <summary>Last change, whole seconds up to the year 2106; travels only together with <see cref="Accessed"/>.</summary>
    public DateTimeOffset? Modified { get; init; }
}
