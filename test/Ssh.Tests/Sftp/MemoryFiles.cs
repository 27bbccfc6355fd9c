using System.Collections.Concurrent;
using RPort.Ssh.Sftp;

namespace RPort.Ssh.Tests.Sftp;

/// <summary>Files in memory; counts what is open and what was read.</summary>
internal sealed class MemoryFiles : ISftpFileSource
{
    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private int _open;
    private int _reads;

    public int Open => Volatile.Read(ref _open);

    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Thrown by every call that names this path.</summary>
    public (string Path, Exception Failure)? Broken { get; init; }

    public MemoryFiles With(string path, byte[] content)
    {
        _files[path] = content;
        return this;
    }

    public ValueTask<ISftpFile?> OpenAsync(string path, CancellationToken cancellationToken)
    {
        ThrowIfBroken(path);
        if (!_files.TryGetValue(path, out byte[]? content))
        {
            return ValueTask.FromResult<ISftpFile?>(null);
        }

        Interlocked.Increment(ref _open);
        return ValueTask.FromResult<ISftpFile?>(new MemoryFile(this, content));
    }

    public ValueTask<SftpAttributes?> StatAsync(string path, CancellationToken cancellationToken)
    {
        ThrowIfBroken(path);
        return ValueTask.FromResult(_files.TryGetValue(path, out byte[]? content) ? AttributesOf(content) : null);
    }

    public ValueTask<string> RealPathAsync(string path, CancellationToken cancellationToken)
    {
        ThrowIfBroken(path);
        return ValueTask.FromResult("/" + path.Trim('/', '.'));
    }

    private static SftpAttributes AttributesOf(byte[] content) => new() { Size = content.Length, Permissions = SftpAttributes.RegularFile | 0x124 };

    private void ThrowIfBroken(string path)
    {
        if (Broken is { } broken && broken.Path == path)
        {
            throw broken.Failure;
        }
    }

    private sealed class MemoryFile(MemoryFiles owner, byte[] content) : ISftpFile
    {
        public SftpAttributes Attributes => AttributesOf(content);

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref owner._reads);
            int count = (int)Math.Clamp(content.Length - offset, 0, buffer.Length);
            if (count > 0)
            {
                content.AsMemory((int)offset, count).CopyTo(buffer);
            }

            return ValueTask.FromResult(count);
        }

        public ValueTask DisposeAsync()
        {
            Interlocked.Decrement(ref owner._open);
            return default;
        }
    }
}
