using Microsoft.Win32.SafeHandles;

namespace RPort.Gateway.Payloads;

/// <summary>Reads a payload that lies complete in a file. The open handle outlives a deletion of the name, so a reader always finishes.</summary>
internal sealed class FilePayloadReader : IPayloadReader
{
    private readonly SafeFileHandle _file;

    public FilePayloadReader(string path)
    {
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        Length = RandomAccess.GetLength(_file);
    }

    public long Length { get; }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Not an asynchronous read: the bytes were written a moment ago and are in memory, and a copy costs less than two changes of thread.
        cancellationToken.ThrowIfCancellationRequested();
        int filled = 0;
        while (filled < buffer.Length && RandomAccess.Read(_file, buffer.Span[filled..], offset + filled) is int read and > 0)
        {
            filled += read;
        }

        return ValueTask.FromResult(filled);
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }
}
