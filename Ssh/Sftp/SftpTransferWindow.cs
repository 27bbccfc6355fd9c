namespace RPort.Ssh.Sftp;

/// <summary>How many blocks of one transfer may be in flight: a few at first, so that a small file costs few requests, one more with each answer.</summary>
internal sealed class SftpTransferWindow(int max)
{
    private const int Initial = 8;

    public int Size { get; private set; } = Math.Min(Initial, max);

    public void Grow() => Size = Math.Min(Size + 1, max);
}
