using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace RPort.Agent.Files;

/// <summary>Reads through files in large blocks.</summary>
internal static class FileContent
{
    public const int BlockBytes = 1 << 20; // large enough that system calls cost nothing beside hashing

    /// <summary>Appends the file's first <paramref name="length"/> bytes to the checksum; false where it is shorter.</summary>
    public static bool AppendTo(Checksum checksum, SafeFileHandle file, long length, CancellationToken cancellationToken) =>
        Read(file, length, block => checksum.Append(block.Span), cancellationToken);

    public static bool Copy(IPlatformFiles files, SafeFileHandle from, SafeFileHandle to, long length, CancellationToken cancellationToken)
    {
        long offset = 0;
        EarlyFlush flush = new(files.BeginFlush, to, offset);
        return Read(from, length, block =>
        {
            RandomAccess.Write(to, block.Span, offset);
            offset += block.Length;
            flush.Wrote(offset);
        }, cancellationToken);
    }

    private static bool Read(SafeFileHandle file, long length, Action<ReadOnlyMemory<byte>> take, CancellationToken cancellationToken)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (long offset = 0; offset < length;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(BlockBytes, length - offset)), offset);
                if (read == 0) { return false; }
                take(block.AsMemory(0, read));
                offset += read;
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
