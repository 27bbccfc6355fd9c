using System.IO.Pipelines;

namespace RPort.Benchmarks.Kit;

/// <summary>
/// Two streams, each the other's far end, on two pipes: they copy into rented memory and allocate nothing per call, where the pair of the tests makes an
/// array of each write, which would be measured.
/// </summary>
internal static class PipePair
{
    private const int CapacityBytes = 256 * 1024;
    private const int SegmentBytes = 64 * 1024;

    public static (PipeEnd First, PipeEnd Second) Create()
    {
        var options = new PipeOptions(
            pauseWriterThreshold: CapacityBytes, resumeWriterThreshold: CapacityBytes / 2, minimumSegmentSize: SegmentBytes, useSynchronizationContext: false);
        Pipe forth = new(options);
        Pipe back = new(options);
        return (new PipeEnd(back.Reader, forth.Writer), new PipeEnd(forth.Reader, back.Writer));
    }
}
