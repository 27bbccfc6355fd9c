using RPort.Testing;

namespace RPort.Agent.Tests.Kit;

/// <summary>A stream that, once told, neither reads nor writes any more and does not say so: a peer that hangs.</summary>
internal sealed class StallingStream(Stream inner) : AsyncStream
{
    private readonly TaskCompletionSource _never = new();
    private volatile bool _stalled;

    public void Stall() => _stalled = true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await inner.ReadAsync(buffer, cancellationToken);
        await HangAsync(cancellationToken);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await HangAsync(cancellationToken);
        await inner.WriteAsync(buffer, cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task HangAsync(CancellationToken cancellationToken)
    {
        if (_stalled)
        {
            await _never.Task.WaitAsync(cancellationToken);
        }
    }
}
