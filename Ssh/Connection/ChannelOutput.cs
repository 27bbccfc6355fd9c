using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Connection;

/// <summary>
/// The sending side of a channel: the peer's window (RFC 4254 §5.2), the one write that waits for it, and what was said last. State is guarded by
/// <see cref="PacketSender.Gate"/>. Writers take turns, so nothing is queued here.
/// </summary>
internal sealed class ChannelOutput : IDisposable
{
    // What a packet of ours carries at most, whatever the peer allows: larger ones gain nothing and make the other channels wait.
    private const int MaxDataBytes = 64 * 1024;

    private readonly PacketSender _sender;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly PendingWrite _write = new();
    private uint _remoteId;
    private long _window;
    private int _maxDataBytes;
    private bool _inRound;
    private bool _eofSent;
    private bool _closeSent;
    private SshCloseReason? _connectionClosed;

    public ChannelOutput(PacketSender sender) => _sender = sender;

    /// <summary>Runs the code after a write on the send loop.</summary>
    public bool InlineContinuations
    {
        set => _write.InlineContinuations = value;
    }

    /// <summary>Whether CLOSE was queued: nothing may follow it.</summary>
    public bool IsClosed => Volatile.Read(ref _closeSent);

    /// <summary>Takes over what the peer's open or confirmation said.</summary>
    /// <exception cref="SshProtocolException">No data could ever be sent.</exception>
    public void Attach(uint remoteId, uint window, uint maxDataBytes)
    {
        if (maxDataBytes == 0)
        {
            throw new SshProtocolException("A channel with a maximum packet size of zero can not be used.");
        }

        lock (_sender.Gate)
        {
            _remoteId = remoteId;
            _window = window;
            _maxDataBytes = (int)Math.Min(maxDataBytes, MaxDataBytes);
        }
    }

    /// <summary>Writes all of <paramref name="data"/>; returns once the last of it is in a packet.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(uint dataType, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (data.IsEmpty)
            {
                return;
            }

            ValueTask written = Begin(dataType, data);
            if (written.IsCompleted || !cancellationToken.CanBeCanceled)
            {
                await written.ConfigureAwait(false);
                return;
            }

            using (cancellationToken.UnsafeRegister(static (self, token) => ((ChannelOutput)self!).CancelWriter(token), this))
            {
                await written.ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends a message after all data written before it. <paramref name="build"/> gets the peer's channel number.</summary>
    /// <param name="build">Makes the message.</param>
    /// <param name="queued">Runs under the gate just before it is queued.</param>
    /// <param name="cancellationToken">Ends the wait for earlier writers, or for room.</param>
    public async ValueTask SendAsync(Func<uint, byte[]> build, Action? queued, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            bool Admit()
            {
                ThrowIfClosed();
                queued?.Invoke();
                return true;
            }

            await _sender.QueueAsync(build(_remoteId), Admit, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends this direction, once.</summary>
    /// <param name="closeFollows">CLOSE comes next and both may leave together.</param>
    /// <param name="cancellationToken">Ends the wait for earlier writers.</param>
    public async ValueTask SendEofAsync(bool closeFollows, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lock (_sender.Gate)
            {
                ThrowIfClosed();
                if (_eofSent)
                {
                    return;
                }

                _eofSent = true;
                _sender.AddControl(ChannelMessage.Encode(MessageNumber.ChannelEof, _remoteId));
            }

            if (!closeFollows)
            {
                _sender.Wake();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Queues CLOSE, once, and ends a writer that waits. Never waits for its turn: the peer may have stopped to read.</summary>
    /// <param name="causedByPeer">Whether it answers the peer's CLOSE, and so counts against what the peer may cause.</param>
    public void Close(bool causedByPeer)
    {
        bool failWriter;
        byte[] message = ChannelMessage.Encode(MessageNumber.ChannelClose, _remoteId);
        lock (_sender.Gate)
        {
            if (_closeSent || _connectionClosed is not null)
            {
                return;
            }

            failWriter = _write.Take();
            Volatile.Write(ref _closeSent, true);
            if (!causedByPeer)
            {
                _sender.AddControl(message);
            }
        }

        if (failWriter)
        {
            _write.Fail(new SshChannelClosedException("The channel was closed."));
        }

        if (causedByPeer)
        {
            _sender.QueueAnswer(message);
        }
        else
        {
            _sender.Wake();
        }
    }

    /// <summary>Answers a request of the peer, waiting for room but not for writers. Nothing is sent on a closed channel.</summary>
    public ValueTask AnswerAsync(bool success, CancellationToken cancellationToken)
    {
        byte[] message = ChannelMessage.Encode(success ? MessageNumber.ChannelSuccess : MessageNumber.ChannelFailure, _remoteId);
        return _sender.QueueAsync(message, () => !_closeSent && _connectionClosed is null, cancellationToken);
    }

    /// <summary>Gives the peer more window. At most a few of these exist at one time, since only data that came is given back.</summary>
    public void GrantWindow(uint bytes)
    {
        Span<byte> message = stackalloc byte[9];
        lock (_sender.Gate)
        {
            if (_closeSent)
            {
                return;
            }

            message[0] = (byte)MessageNumber.ChannelWindowAdjust;
            BinaryPrimitives.WriteUInt32BigEndian(message[1..], _remoteId);
            BinaryPrimitives.WriteUInt32BigEndian(message[5..], bytes);
            _sender.AddControl(message);
        }

        _sender.Wake();
    }

    /// <summary>The peer gives more window.</summary>
    /// <exception cref="SshProtocolException">It would exceed 2^32 - 1.</exception>
    public void Adjust(uint bytes)
    {
        lock (_sender.Gate)
        {
            _window += bytes;
            if (_window > uint.MaxValue)
            {
                throw new SshProtocolException("A window was raised over 2^32 - 1 bytes.");
            }

            EnterRound();
        }

        _sender.Wake();
    }

    /// <summary>The connection ended: a waiting writer, and every later one, fails with its reason.</summary>
    public void Abort(SshCloseReason reason)
    {
        bool failWriter;
        lock (_sender.Gate)
        {
            if (_connectionClosed is not null)
            {
                return;
            }

            _connectionClosed = reason;
            failWriter = _write.Take();
        }

        if (failWriter)
        {
            _write.Fail(new SshConnectionClosedException(reason));
        }
    }

    /// <summary>Puts the next packet of data into <paramref name="room"/>. Called by the send loop, under the gate.</summary>
    public int Take(Span<byte> room, out bool finished)
    {
        _inRound = false;
        finished = false;
        if (!_write.Waiting || _window == 0)
        {
            return 0;
        }

        int bytes = _write.TakeMessage(room, _remoteId, Math.Min(_window, _maxDataBytes), out int dataBytes, out finished);
        _window -= dataBytes;
        EnterRound();
        return bytes;
    }

    /// <summary>Tells the writer that <see cref="Take"/> took its last byte. Outside the gate.</summary>
    public void CompleteWriter() => _write.Complete();

    public void Dispose() => _turn.Dispose();

    private ValueTask Begin(uint dataType, ReadOnlyMemory<byte> data)
    {
        ValueTask written;
        lock (_sender.Gate)
        {
            ThrowIfClosed();
            if (_eofSent)
            {
                throw new InvalidOperationException("EOF was sent on this channel; nothing can be written after it.");
            }

            written = _write.Begin(dataType, data);
            EnterRound();
        }

        _sender.Wake();
        return written;
    }

    private void EnterRound()
    {
        if (_write.Waiting && _window > 0 && !_inRound)
        {
            _inRound = true;
            _sender.AddReady(this);
        }
    }

    private void CancelWriter(CancellationToken token)
    {
        bool cancelled;
        lock (_sender.Gate)
        {
            cancelled = _write.Take();
        }

        if (cancelled)
        {
            _write.Fail(new OperationCanceledException(token));
        }
    }

    private void ThrowIfClosed()
    {
        if (_connectionClosed is not null)
        {
            throw new SshConnectionClosedException(_connectionClosed);
        }

        if (_closeSent)
        {
            throw new SshChannelClosedException("The channel was closed.");
        }
    }
}
