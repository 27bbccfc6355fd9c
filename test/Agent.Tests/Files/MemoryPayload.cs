using RPort.Agent.Files;

namespace RPort.Agent.Tests.Files;

/// <summary>Content in memory, in pieces as SFTP delivers them; breaks off, waits or refuses where a test says so.</summary>
internal sealed class MemoryPayload(byte[] content, int pieceBytes = 32 * 1024) : IPayloadSource
{
    private readonly Queue<long> _breaks = new();
    private int _fetches;

    /// <summary>Offsets at which fetches began.</summary>
    public List<long> Offsets { get; } = [];

    /// <summary>Paths that were asked for.</summary>
    public List<string> Paths { get; } = [];

    public int Fetches => Volatile.Read(ref _fetches);

    /// <summary>Fetches under way at one time, at most.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Fetches that have to be there before <see cref="Held"/> completes.</summary>
    public int Holders { get; init; } = 1;

    /// <summary>Completes when enough fetches reach <see cref="HoldAt"/>.</summary>
    public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets held fetches go on.</summary>
    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A fetch stops here until released.</summary>
    public long? HoldAt { get; init; }

    public string? Unavailable { get; init; }

    private int _atOnce;
    private int _holding;

    /// <summary>The next fetch that gets there loses its connection.</summary>
    public MemoryPayload BreakAt(long offset)
    {
        _breaks.Enqueue(offset);
        return this;
    }

    public async Task<long> FetchAsync(string sourcePath, long offset, long? length, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _fetches);
        lock (Offsets)
        {
            Offsets.Add(offset);
            Paths.Add(sourcePath);
            MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
        }

        try
        {
            if (Unavailable is not null) { throw new PayloadUnavailableException(Unavailable); }
            return await DeliverAsync(offset, sink, cancellationToken);
        }
        finally
        {
            lock (Offsets) { _atOnce--; }
        }
    }

    private async Task<long> DeliverAsync(long offset, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        byte[] piece = new byte[pieceBytes]; // reused, as the contract allows: whoever keeps it sees it change
        long at = offset;
        while (true)
        {
            if (at >= HoldAt && !Release.Task.IsCompleted)
            {
                if (Interlocked.Increment(ref _holding) == Holders) { Held.TrySetResult(); }
                await Release.Task.WaitAsync(cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (_breaks.TryPeek(out long end) && at >= end)
            {
                _breaks.Dequeue();
                throw new IOException("the connection was lost");
            }

            if (at >= content.Length) { return at - offset; }
            int length = (int)Math.Min(Math.Min(pieceBytes, content.Length - at), _breaks.Count > 0 ? Math.Max(1, _breaks.Peek() - at) : long.MaxValue);
            content.AsSpan((int)at, length).CopyTo(piece);
            await sink(piece.AsMemory(0, length));
            at += length;
            await Task.Yield();
        }
    }
}
