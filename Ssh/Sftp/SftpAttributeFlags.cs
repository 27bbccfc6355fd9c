namespace RPort.Ssh.Sftp;

/// <summary>Which fields of ATTRS follow (draft-ietf-secsh-filexfer-02 section 5).</summary>
internal static class SftpAttributeFlags
{
    public const uint Size = 0x01;
    public const uint Owner = 0x02;
    public const uint Permissions = 0x04;
    public const uint Times = 0x08;
    public const uint Extended = 0x8000_0000;
}
