using Microsoft.Win32.SafeHandles;
using RPort.Ssh.Sftp;

namespace RPort.Interop.OurServer;

/// <summary>One open file of the folder.</summary>
internal sealed class FolderFile(string path) : ISftpFile
{
    private readonly SafeFileHandle _file = File.OpenHandle(path);

    public SftpAttributes Attributes => AttributesOf(RandomAccess.GetLength(_file));

    public static SftpAttributes AttributesOf(long size) => new() { Size = size, Permissions = SftpAttributes.RegularFile | 0x124 };

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int total = 0;
        while (total < buffer.Length && RandomAccess.Read(_file, buffer.Span[total..], offset + total) is > 0 and int read)
        {
            total += read;
        }

        return ValueTask.FromResult(total);
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return default;
    }
}
