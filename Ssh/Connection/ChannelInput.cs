using RPort.Ssh.Transport;

namespace RPort.Ssh.Connection;

/// <summary>
/// The receiving side of a channel: data and extended data under one window. Data goes straight to a reader that waits, and is kept otherwise.
/// The receive loop writes, one reader per kind reads.
/// </summary>
internal sealed class ChannelInput
{
    private readonly Lock _gate = new();
    private readonly ChannelOutput _output;
    private readonly ReceiveWindow _window;
    private readonly SegmentBuffer _data = new();
    private readonly PendingRead _dataRead;
    private SegmentBuffer? _extended;
    private PendingRead? _extendedRead;
    private bool _ended;
    private bool _discarding;
    private SshCloseReason? _connectionClosed;

    public ChannelInput(ChannelOutput output, ReceiveWindow window)
    {
        _output = output;
        _window = window;
        _dataRead = new PendingRead(_gate);
    }

    /// <summary>Runs the code that waits for data on the receive loop.</summary>
    public bool InlineContinuations
    {
        set => _dataRead.InlineContinuations = value;
    }

    /// <summary>Keeps extended data; without it, it is dropped.</summary>
    public bool KeepExtended { get; set; }

    /// <summary>The first window, for the open or its confirmation.</summary>
    public uint InitialWindow => (uint)_window.Left;

    public ValueTask<int> ReadAsync(bool extended, Memory<byte> destination, CancellationToken cancellationToken)
    {
        int read;
        uint grant;
        lock (_gate)
        {
            (SegmentBuffer buffer, PendingRead pending) = extended ? Extended() : (_data, _dataRead);
            if (pending.Waiting)
            {
                throw new InvalidOperationException("Another read waits on this channel already.");
            }

            if (_discarding)
            {
                throw new SshChannelClosedException("The channel was closed.");
            }

            if (buffer.Length == 0)
            {
                if (_ended)
                {
                    return new ValueTask<int>(0);
                }

                if (_connectionClosed is not null)
                {
                    throw new SshConnectionClosedException(_connectionClosed);
                }

                ValueTask<int> wait = pending.Begin(destination);
                return cancellationToken.CanBeCanceled ? pending.WaitAsync(wait, cancellationToken) : wait;
            }

            read = buffer.Read(destination.Span);
            grant = _window.Read(read, Unread);
        }

        Grant(grant);
        return new ValueTask<int>(read);
    }

    /// <summary>Takes data from the receive loop.</summary>
    /// <exception cref="SshProtocolException">More than the window allows, or after EOF.</exception>
    public void Receive(ReadOnlySpan<byte> bytes, bool extended)
    {
        PendingRead? toComplete;
        int delivered = 0;
        uint grant = 0;
        lock (_gate)
        {
            if (_ended)
            {
                throw new SshProtocolException("Channel data came after EOF.");
            }

            if (!_window.TryReceive(bytes.Length))
            {
                throw new SshProtocolException("Channel data exceeds the window.");
            }

            if (_discarding || (extended && !KeepExtended))
            {
                grant = _window.Read(bytes.Length, Unread);
                toComplete = null;
            }
            else
            {
                (SegmentBuffer buffer, PendingRead pending) = extended ? Extended() : (_data, _dataRead);
                toComplete = bytes.IsEmpty ? null : Deliver(bytes, buffer, pending, out delivered);
                grant = delivered > 0 ? _window.Read(delivered, Unread) : 0;
            }
        }

        Grant(grant);
        toComplete?.Complete(delivered);
    }

    /// <summary>The peer will send no more: EOF or CLOSE came.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
        }

        FailReaders(null);
    }

    /// <summary>Our side is done with the channel: what came is dropped, and what comes.</summary>
    public void Discard()
    {
        lock (_gate)
        {
            _discarding = true;
            _data.Clear();
            _extended?.Clear();
        }

        FailReaders(static () => new SshChannelClosedException("The channel was closed."));
    }

    /// <summary>The connection ended. What was received can still be read; then comes the reason, since the end of the data was never seen.</summary>
    public void Abort(SshCloseReason reason)
    {
        lock (_gate)
        {
            _connectionClosed ??= reason;
        }

        FailReaders(() => new SshConnectionClosedException(reason));
    }

    /// <summary>Gives the window's budget back; the channel is out of the table.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _window.Release();
        }
    }

    private int Unread => _data.Length + (_extended?.Length ?? 0);

    private static PendingRead? Deliver(ReadOnlySpan<byte> bytes, SegmentBuffer buffer, PendingRead pending, out int delivered)
    {
        delivered = 0;
        if (!pending.Waiting)
        {
            buffer.Append(bytes);
            return null;
        }

        delivered = Math.Min(bytes.Length, pending.Destination.Length);
        bytes[..delivered].CopyTo(pending.Destination.Span);
        buffer.Append(bytes[delivered..]);
        pending.Take();
        return pending;
    }

    private (SegmentBuffer Buffer, PendingRead Pending) Extended() =>
        (_extended ??= new SegmentBuffer(), _extendedRead ??= new PendingRead(_gate));

    private void Grant(uint bytes)
    {
        if (bytes > 0 && !_ended)
        {
            _output.GrantWindow(bytes);
        }
    }

    /// <summary>Ends waiting reads: with 0 when there is no error.</summary>
    private void FailReaders(Func<Exception>? error)
    {
        bool data;
        bool extended;
        lock (_gate)
        {
            data = _dataRead.Take();
            extended = _extendedRead?.Take() ?? false;
        }

        Finish(data ? _dataRead : null);
        Finish(extended ? _extendedRead : null);

        void Finish(PendingRead? read)
        {
            if (error is null)
            {
                read?.Complete(0);
            }
            else
            {
                read?.Fail(error());
            }
        }
    }
}
