using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using RPort.Testing;

namespace RPort.Benchmarks.Kit;

/// <summary>One end of a <see cref="PipePair"/>.</summary>
internal sealed class PipeEnd(PipeReader input, PipeWriter output) : AsyncStream
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadOnlySequence<byte> unread = (await input.ReadAsync(cancellationToken)).Buffer;
        ReadOnlySequence<byte> taken = unread.Slice(0, Math.Min(unread.Length, buffer.Length));
        taken.CopyTo(buffer.Span);
        int read = (int)taken.Length;
        input.AdvanceTo(taken.End);
        return read;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if ((await output.WriteAsync(buffer, cancellationToken)).IsCompleted)
        {
            throw new IOException("The other end is gone.");
        }
    }

    protected override void Dispose(bool disposing)
    {
        input.Complete();
        output.Complete();
        base.Dispose(disposing);
    }
}
