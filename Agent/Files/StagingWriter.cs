using Microsoft.Win32.SafeHandles;

namespace RPort.Agent.Files;

/// <summary>
/// Collects what arrives in one of two large blocks while the other is written and hashed beside it. One caller at a time. Owns neither file nor checksum.
/// </summary>
internal sealed class StagingWriter
{
    private readonly SafeFileHandle _file;
    private readonly Checksum _checksum;
    private readonly EarlyFlush _flush;
    private readonly long _limit;
    private byte[] _filling = new byte[FileContent.BlockBytes];
    private byte[] _writing = new byte[FileContent.BlockBytes];
    private Task _written = Task.CompletedTask;
    private int _filled;

    /// <param name="files">Whose file it is.</param>
    /// <param name="file">Where it goes.</param>
    /// <param name="checksum">Is given the same bytes.</param>
    /// <param name="position">Bytes the file holds and the checksum has seen.</param>
    /// <param name="limit">Bytes the content has at most; more is an error of the sender.</param>
    public StagingWriter(IPlatformFiles files, SafeFileHandle file, Checksum checksum, long position, long limit)
    {
        _file = file;
        _checksum = checksum;
        _flush = new EarlyFlush(files.BeginFlush, file, position);
        _limit = limit;
        Position = position;
    }

    /// <summary>Bytes taken, written or still to be.</summary>
    public long Position { get; private set; }

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> content)
    {
        if (content.Length > _limit - Position) { throw new PushFailedException($"size check failed: the server sends more than the {_limit} bytes it announced"); }
        while (content.Length > 0)
        {
            int taken = Math.Min(content.Length, _filling.Length - _filled);
            content.Span[..taken].CopyTo(_filling.AsSpan(_filled));
            content = content[taken..];
            _filled += taken;
            Position += taken;
            if (_filled == _filling.Length) { await HandOverAsync().ConfigureAwait(false); }
        }
    }

    /// <summary>Waits until all taken is in the file and in the checksum. May be called again after more was appended.</summary>
    public async Task FlushAsync()
    {
        await HandOverAsync().ConfigureAwait(false);
        await _written.ConfigureAwait(false);
    }

    private async Task HandOverAsync()
    {
        await _written.ConfigureAwait(false); // one block in flight; also the place where its failure comes out
        if (_filled == 0) { return; }
        (_filling, _writing) = (_writing, _filling);
        int length = _filled;
        long offset = Position - length;
        _filled = 0;
        byte[] block = _writing;
        _written = Task.Run(() => Write(block.AsSpan(0, length), offset));
    }

    private void Write(ReadOnlySpan<byte> block, long offset)
    {
        try
        {
            RandomAccess.Write(_file, block, offset);
            _flush.Wrote(offset + block.Length);
        }
        catch (Exception e) when (PushFailedException.IsFileError(e))
        {
            throw PushFailedException.From("cannot write the staging file", e); // not to be taken for a lost connection
        }

        _checksum.Append(block);
    }
}
