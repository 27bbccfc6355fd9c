namespace RPort.Testing;

/// <summary>
/// Two streams, each the other's far end, in memory. Writes wait while <c>capacity</c> bytes are unread, as on a socket; disposing an end gives the
/// other end of stream after what was written.
/// </summary>
public static class DuplexPair
{
    /// <param name="capacity">Bytes that may be unread in one direction.</param>
    /// <param name="firstToSecond">Sees, and may change or cut, each write of the first end.</param>
    /// <param name="secondToFirst">Sees, and may change or cut, each write of the second end.</param>
    public static (Stream First, Stream Second) Create(int capacity = 256 * 1024, IWireTap? firstToSecond = null, IWireTap? secondToFirst = null)
    {
        OneWay forth = new(capacity, firstToSecond);
        OneWay back = new(capacity, secondToFirst);
        return (new End(back, forth), new End(forth, back));
    }

    private sealed class End(OneWay input, OneWay output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            output.WriteAsync(buffer, cancellationToken);

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            input.CloseReader();
            output.CloseWriter();
            base.Dispose(disposing);
        }
    }

    private sealed class OneWay(int capacity, IWireTap? tap)
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

            if (bytes.Length == 0)
            {
                return;
            }

            while (true)
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
                        _chunks.Enqueue(bytes);
                        _unread += bytes.Length;
                        Signal();
                        return;
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
}

/// <summary>Stands on one direction of a <see cref="DuplexPair"/>.</summary>
public interface IWireTap
{
    /// <summary>What goes on instead of what was written; empty swallows it. May throw <see cref="IOException"/> to cut the line.</summary>
    byte[] Pass(byte[] written);
}
