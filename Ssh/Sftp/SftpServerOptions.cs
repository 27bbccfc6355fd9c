namespace RPort.Ssh.Sftp;

/// <summary>Limits of an <see cref="SftpServer"/>. The defaults are safe against a hostile client.</summary>
public sealed class SftpServerOptions
{
    /// <summary>Files one session may hold open; one more is answered with a failure. Default 16.</summary>
    public int MaxHandles { get; init; } = 16;

    /// <summary>
    /// Longest request in bytes; a longer one ends the session. The draft wants 34,000 understood (section 3), which is the default; requests
    /// that only read stay far below it.
    /// </summary>
    public int MaxRequestBytes { get; init; } = 34_000;

    /// <summary>File bytes in one answer; a READ that asks for more is answered short. Default and most: 255 KiB, as much as OpenSSH gives.</summary>
    public int MaxReadBytes { get; init; } = 255 * 1024;

    /// <summary>
    /// Bytes of answers gathered before they are written in one go, while requests are waiting. One such batch is filled while the one before
    /// is being sent; further requests stay unread, so that the channel's window holds a client back that does not take its answers.
    /// Default 256 KiB.
    /// </summary>
    public int MaxBatchBytes { get; init; } = 256 * 1024;

    /// <summary>Requests answered in one batch at most. Default 128.</summary>
    public int MaxBatchRequests { get; init; } = 128;

    /// <summary>How long the client may neither send a request nor take its answers before the session ends. Default 10 minutes.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The clock for <see cref="IdleTimeout"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxHandles, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequestBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxReadBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxReadBytes, 255 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchRequests, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(IdleTimeout, TimeSpan.Zero);
    }
}
