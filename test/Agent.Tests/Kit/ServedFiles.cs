using RPort.Ssh.Sftp;

namespace RPort.Agent.Tests.Kit;

/// <summary>Payloads in memory, under the paths given.</summary>
internal sealed class ServedFiles(IReadOnlyDictionary<string, byte[]> files) : ISftpFileSource
{
    /// <summary>Awaited at each read from this offset on; holds downloads where a test wants them.</summary>
    public Func<long, Task> BeforeRead { get; set; } = _ => Task.CompletedTask;

    /// <summary>The lowest offset read since the last reset; null for none.</summary>
    public long? LowestOffset { get; set; }

    public ValueTask<ISftpFile?> OpenAsync(string path, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ISftpFile?>(files.TryGetValue(path, out byte[]? content) ? new Content(this, content) : null);

    public ValueTask<SftpAttributes?> StatAsync(string path, CancellationToken cancellationToken) =>
        ValueTask.FromResult(files.TryGetValue(path, out byte[]? content) ? new SftpAttributes { Size = content.Length } : null);

    public ValueTask<string> RealPathAsync(string path, CancellationToken cancellationToken) => ValueTask.FromResult(path);

    private sealed class Content(ServedFiles owner, byte[] content) : ISftpFile
    {
        public SftpAttributes Attributes { get; } = new() { Size = content.Length };

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            lock (owner)
            {
                owner.LowestOffset = Math.Min(owner.LowestOffset ?? long.MaxValue, offset);
            }

            await owner.BeforeRead(offset).WaitAsync(cancellationToken);
            int count = (int)Math.Clamp(content.Length - offset, 0, buffer.Length);
            content.AsMemory((int)offset, count).CopyTo(buffer);
            return count;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
