using Microsoft.Win32.SafeHandles;
using RPort.Agent.Files;
using RPort.Agent.Tests.Kit;

namespace RPort.Agent.Tests.Files;

public sealed class EarlyFlushTests : IDisposable
{
    private const long Stride = EarlyFlush.StrideBytes;

    private readonly TempFolder _folder = new();
    private readonly SafeFileHandle _file;

    public EarlyFlushTests() => _file = File.OpenHandle(Path.Combine(_folder.Path, "file"), FileMode.CreateNew, FileAccess.Write);

    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Every_stride_is_begun_once_and_without_a_gap_whatever_the_pieces()
    {
        List<(long Offset, long Length)> begun = [];
        EarlyFlush flush = new((_, offset, length) => begun.Add((offset, length)), _file, position: 1000);
        for (long end = 1000; end < 1000 + (5 * Stride); end += 700_000)
        {
            flush.Wrote(end);
        }

        Assert.Equal(4, begun.Count);
        Assert.All(begun, part => Assert.InRange(part.Length, Stride, Stride + 700_000));
        Assert.Equal(1000, begun[0].Offset);
        Assert.All(begun.Zip(begun.Skip(1)), pair => Assert.Equal(pair.First.Offset + pair.First.Length, pair.Second.Offset));
    }

    [Fact]
    public void A_small_file_is_left_to_the_flush_at_its_end()
    {
        EarlyFlush flush = new((_, _, _) => Assert.Fail("Nothing to begin with."), _file, position: 0);
        flush.Wrote(Stride - 1);
    }

    [Fact]
    public void The_system_takes_the_hint_for_what_was_written_and_for_what_was_not()
    {
        RandomAccess.Write(_file, new byte[Stride], 0);
        IPlatformFiles files = new UnixFiles();
        files.BeginFlush(_file, 0, Stride);
        files.BeginFlush(_file, Stride, Stride);
        Assert.Equal(Stride, RandomAccess.GetLength(_file));
    }
}
