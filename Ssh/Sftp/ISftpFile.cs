namespace RPort.Ssh.Sftp;

/// <summary>An open file of an <see cref="ISftpFileSource"/>, used by one session only, one call at a time.</summary>
public interface ISftpFile : IAsyncDisposable
{
    /// <summary>What the client is told of the open file.</summary>
    SftpAttributes Attributes { get; }

    /// <summary>Reads at an offset (never negative) straight into the answer. Fills the buffer unless the file ends; 0 is the end of the file.</summary>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}
