namespace RPort.Ssh.Sftp;

/// <summary>How an <see cref="SftpClient"/> asks, and what it accepts.</summary>
public sealed class SftpClientOptions
{
    /// <summary>
    /// Bytes asked for by one READ. A server that answers shorter is asked for no more than that from then on; servers need not give more than
    /// 32 KiB (draft-ietf-secsh-filexfer-02 section 3). Default 64 KiB, most 255 KiB. A WRITE carries as much, but never more than 32 KiB.
    /// </summary>
    public int BlockBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// READs or WRITEs in flight at most; the number starts at 8 and grows by one with each answer. So many blocks may be in memory. Default 64.
    /// </summary>
    public int MaxInFlight { get; init; } = 64;

    /// <summary>Longest answer in bytes that is no file data; a longer one ends the session. Default 256 KiB.</summary>
    public int MaxAnswerBytes { get; init; } = 256 * 1024;

    /// <summary>How long the server may leave every outstanding request unanswered before the session ends. Default 60 seconds.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock for <see cref="StallTimeout"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BlockBytes, 512);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BlockBytes, 255 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInFlight, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxInFlight, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAnswerBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StallTimeout, TimeSpan.Zero);
    }
}
