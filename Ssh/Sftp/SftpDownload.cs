using System.Runtime.CompilerServices;

namespace RPort.Ssh.Sftp;

/// <summary>
/// Reads one open file with many READs in flight and hands its bytes on in order. The blocks in flight are a list in order of offset: the first is
/// awaited, delivered and taken off; what a server left out of a short answer becomes a block of its own behind it.
/// </summary>
internal sealed class SftpDownload(SftpSession session, byte[] handle, SftpClientOptions options)
{
    // A server that gives less is asked for this much all the same; its answers stay short, which costs requests and no bytes.
    private const int MinBlockBytes = 512;

    // Asked for together with the size: enough to fetch a small file in one round trip, and few requests too many when it is tiny.
    private const int FirstBlocks = 2;

    private readonly LinkedList<Block> _blocks = new();
    private readonly SftpTransferWindow _window = new(options.MaxInFlight);
    private int _blockBytes = options.BlockBytes;
    private long _next;
    private long? _end; // where the file ends, once that is known
    private bool _sawEndOfFile;

    private bool HasMoreToAsk => !_sawEndOfFile && (_end is null || _next < _end);

    /// <summary>Reads from an offset up to the end and says how many bytes that were.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="expectedEnd">Where the file must end; null when its attributes are to be asked for that.</param>
    /// <param name="sink">Takes the bytes; the memory is the sink's until its task ends.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SftpException">The server refused, or the file ended too early.</exception>
    public async Task<long> RunAsync(long offset, long? expectedEnd, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        _next = offset;
        _end = expectedEnd;
        if (expectedEnd is null)
        {
            _end = await AskForSizeAndFirstBlocksAsync(cancellationToken).ConfigureAwait(false);
        }

        long delivered = offset;
        while (true)
        {
            await AskAsync(cancellationToken).ConfigureAwait(false);
            if (_blocks.First is not { Value: { } block })
            {
                break;
            }

            delivered += await DeliverAsync(block, sink, cancellationToken).ConfigureAwait(false);
            _blocks.RemoveFirst();
        }

        return _end is null || delivered >= _end
            ? delivered - offset
            : throw new SftpException(SftpStatus.EndOfFile, $"The file ends at {delivered} and not at {_end}.");
    }

    /// <summary>
    /// Asks for the size and, without waiting for it, for the first blocks. A server that does not tell, or tells 0 as for a device, is read
    /// until it says EOF.
    /// </summary>
    private async ValueTask<long?> AskForSizeAndFirstBlocksAsync(CancellationToken cancellationToken)
    {
        using var request = new SftpWriter(1024);
        Task<SftpAnswer> attributes = session.Begin(request, SftpPacketType.FStat);
        request.String(handle);
        request.End();
        AddBlocks(request, FirstBlocks);
        await session.SendAsync(request.Written, cancellationToken).ConfigureAwait(false);
        using SftpAnswer answer = await attributes.WaitAsync(cancellationToken).ConfigureAwait(false);
        return answer.Type == SftpPacketType.Attributes && answer.ReadAttributes().Size is { } size and > 0 ? size : null;
    }

    /// <summary>Keeps the window full, a quarter of it at a time: few small packets, and never less than three quarters in flight.</summary>
    private async ValueTask AskAsync(CancellationToken cancellationToken)
    {
        int free = _window.Size - _blocks.Count;
        if (!HasMoreToAsk || (free < _window.Size / 4 && _blocks.Count > 0) || free <= 0)
        {
            return;
        }

        cancellationToken.ThrowIfCancellationRequested();
        using var request = new SftpWriter(1024);
        AddBlocks(request, _window.Size);
        await session.SendAsync(request.Written, cancellationToken).ConfigureAwait(false);
    }

    private void AddBlocks(SftpWriter request, int upTo)
    {
        while (_blocks.Count < upTo && HasMoreToAsk)
        {
            int bytes = (int)Math.Min(_blockBytes, (_end ?? long.MaxValue) - _next);
            _blocks.AddLast(Ask(request, _next, bytes));
            _next += bytes;
        }
    }

    private Block Ask(SftpWriter request, long offset, int bytes)
    {
        Task<SftpAnswer> answer = session.Begin(request, SftpPacketType.Read, bytes);
        request.String(handle);
        request.UInt64((ulong)offset);
        request.UInt32((uint)bytes);
        request.End();
        return new Block(offset, bytes, answer);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> DeliverAsync(Block block, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        using SftpAnswer answer = await block.Answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        _window.Grow();
        if (answer.Status == SftpStatus.EndOfFile)
        {
            _sawEndOfFile = true;
            return 0;
        }

        if (answer.Type != SftpPacketType.Data)
        {
            throw answer.Unexpected();
        }

        if (_sawEndOfFile)
        {
            throw new SftpException(SftpStatus.Failure, $"The file has bytes at {block.Offset}, behind its end.");
        }

        if (answer.Body.Length < block.Bytes)
        {
            await AskForRestsAsync(cancellationToken).ConfigureAwait(false);
        }

        // A file that grew meanwhile is delivered as long as it was when its size was asked for.
        int wanted = (int)Math.Clamp((_end ?? long.MaxValue) - block.Offset, 0, answer.Body.Length);
        if (wanted > 0)
        {
            await sink(answer.Body[..wanted]).ConfigureAwait(false);
        }

        return wanted;
    }

    /// <summary>
    /// After a short answer: asks at once for what is missing from it and from every other answer that has come, and for no more than the server
    /// gave from now on.
    /// </summary>
    private async ValueTask AskForRestsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var request = new SftpWriter(1024);
        for (LinkedListNode<Block>? node = _blocks.First; node is not null; node = node.Next)
        {
            if (!node.Value.Answer.IsCompletedSuccessfully)
            {
                continue;
            }

            Block block = node.Value;
            SftpAnswer answer = await block.Answer.ConfigureAwait(false);
            int came = answer.Body.Length;
            if (answer.Type != SftpPacketType.Data || came == block.Bytes || block.Offset + came >= _end)
            {
                continue;
            }

            node.Value = block with { Bytes = came };
            node = _blocks.AddAfter(node, Ask(request, block.Offset + came, block.Bytes - came));
            _blockBytes = Math.Min(_blockBytes, Math.Max(came, MinBlockBytes));
        }

        if (request.Length > 0)
        {
            await session.SendAsync(request.Written, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One READ in flight or answered.</summary>
    private readonly record struct Block(long Offset, int Bytes, Task<SftpAnswer> Answer);
}
