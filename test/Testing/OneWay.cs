namespace RPort.Testing;

/// <summary>One direction of a <see cref="DuplexPair"/>.</summary>
internal sealed class OneWay(int capacity, IWireTap? tap)
{
    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _chunks = new();
    private int _firstStart;
    private int _unread;
    private bool _writerClosed;
    private bool _readerClosed;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_readerClosed, this);
                if (_unread > 0)
                {
                    return Take(buffer.Span);
                }

                if (_writerClosed)
                {
                    return 0;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        byte[] bytes = data.ToArray();
        if (tap is not null)
        {
            bytes = tap.Pass(bytes);
        }

        int written = 0;
        while (written < bytes.Length)
        {
            Task changed;
            lock (_gate)
            {
                if (_writerClosed || _readerClosed)
                {
                    throw new IOException("The other end is gone.");
                }

                if (_unread < capacity)
                {
                    int count = Math.Min(capacity - _unread, bytes.Length - written);
                    _chunks.Enqueue(count == bytes.Length ? bytes : bytes[written..(written + count)]);
                    _unread += count;
                    written += count;
                    Signal();
                    continue;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public void CloseWriter()
    {
        lock (_gate)
        {
            _writerClosed = true;
            Signal();
        }
    }

    public void CloseReader()
    {
        lock (_gate)
        {
            _readerClosed = true;
            Signal();
        }
    }

    private int Take(Span<byte> buffer)
    {
        int total = 0;
        while (total < buffer.Length && _chunks.Count > 0)
        {
            byte[] first = _chunks.Peek();
            int count = Math.Min(first.Length - _firstStart, buffer.Length - total);
            first.AsSpan(_firstStart, count).CopyTo(buffer[total..]);
            total += count;
            _firstStart += count;
            if (_firstStart == first.Length)
            {
                _chunks.Dequeue();
                _firstStart = 0;
            }
        }

        _unread -= total;
        if (total > 0)
        {
            Signal();
        }

        return total;
    }

    private void Signal()
    {
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }
}
