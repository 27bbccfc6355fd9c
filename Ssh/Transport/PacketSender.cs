using System.Runtime.CompilerServices;
using RPort.Ssh.Algorithms;
using RPort.Ssh.Connection;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Transport;

/// <summary>
/// The send loop. Everything that leaves goes through it: as many packets as fit one buffer, in the order of the <see cref="Outbox"/>, encrypted and
/// written at once.
/// </summary>
/// <remarks>
/// <para><see cref="Gate"/> guards the queues and the sending side of every channel; encryption and writing happen outside it and belong to the loop.</para>
/// <para>The loop waits without a thread. Who gives it work runs it at once on its own thread for a few batches, after which it moves to the pool.</para>
/// </remarks>
internal sealed class PacketSender : IDisposable
{
    // A batch that the waker's thread may do before it gets its thread back.
    private const int BorrowedBatches = 2;

    // The sender whose receive loop runs on this thread: it wakes the send loop once, after a whole buffer of packets.
    [ThreadStatic]
    private static PacketSender? _dispatching;

    private readonly Stream _stream;
    private readonly Outbox _outbox;
    private readonly PacketBatch _batch = new();
    private readonly List<ChannelOutput> _finished = [];
    private readonly Bell _bell = new();
    private long _totalBytes;
    private int _borrowed;
    private bool _waiting;
    private bool _closing;

    public PacketSender(Stream stream, int maxQueuedBytes)
    {
        _stream = stream;
        _outbox = new Outbox(maxQueuedBytes);
    }

    /// <summary>Guards the queues here and the state of every <see cref="ChannelOutput"/>. Nothing is awaited and no user code runs under it.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Called by the loop before each batch, outside the gate: the moment to begin a key exchange that is due.</summary>
    public Action? BeforeBatch { get; set; }

    /// <summary>Bytes given to the stream.</summary>
    public long TotalBytes => Volatile.Read(ref _totalBytes);

    /// <summary>Packets under the present keys.</summary>
    public long Packets => _batch.Packets;

    /// <summary>Runs until <see cref="BeginClose"/> and the last message, or until the stream fails.</summary>
    public async Task RunAsync(ReadOnlyMemory<byte> versionLine, CancellationToken cancellationToken)
    {
        try
        {
            await _stream.WriteAsync(versionLine, cancellationToken).ConfigureAwait(false);
            Interlocked.Add(ref _totalBytes, versionLine.Length);
            while (await WaitForWorkAsync().ConfigureAwait(false))
            {
                await SendAllAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Stop();
        }
    }

    /// <summary>Adds a key exchange message, or one that must not wait for the end of a key exchange. The caller wakes the loop after it.</summary>
    public void AddKeyExchange(ReadOnlySpan<byte> message)
    {
        lock (Gate)
        {
            if (!_closing)
            {
                _outbox.AddKeyExchange(message);
            }
        }
    }

    /// <summary>Adds NEWKEYS; every packet after it goes out under the new keys. Owns them from here. The caller wakes the loop after it.</summary>
    public void AddNewKeys(PacketProtection next, bool restartSequence)
    {
        lock (Gate)
        {
            if (!_closing)
            {
                _outbox.AddNewKeys(next, restartSequence);
                return;
            }
        }

        next.Dispose();
    }

    /// <summary>Queues an answer the peer caused. One that reads none of them gets disconnected.</summary>
    /// <exception cref="SshProtocolException">The queue is full.</exception>
    public void QueueAnswer(ReadOnlySpan<byte> message)
    {
        if (!TryQueue(message, null, out _))
        {
            throw new SshProtocolException(SshDisconnectReason.ByApplication, "The peer causes more answers than it reads.");
        }

        Wake();
    }

    /// <summary>
    /// Adds a message whose number is bounded by other means, such as one per channel or one per window. The caller holds the gate and wakes the
    /// loop after it.
    /// </summary>
    public void AddControl(ReadOnlySpan<byte> message)
    {
        if (!_closing)
        {
            _outbox.AddControl(message);
        }
    }

    /// <summary>Queues a message of our own, or says what to wait for first.</summary>
    /// <param name="message">The message.</param>
    /// <param name="admit">Asked under the gate just before it is queued: false leaves it out. The place for what must keep the order of messages.</param>
    /// <param name="room">Completes when there may be room again.</param>
    public bool TryQueue(ReadOnlySpan<byte> message, Func<bool>? admit, out Task room)
    {
        lock (Gate)
        {
            room = Task.CompletedTask;
            if (!_closing && !_outbox.HasRoom(message.Length, out room))
            {
                return false;
            }

            if (admit is null || admit())
            {
                AddControl(message);
            }
        }

        Wake();
        return true;
    }

    /// <summary>Queues a message of our own, waiting for room. After the close it is dropped: the caller's reply fails by the close itself.</summary>
    public async ValueTask QueueAsync(ReadOnlyMemory<byte> message, Func<bool>? admit, CancellationToken cancellationToken)
    {
        while (!TryQueue(message.Span, admit, out Task room))
        {
            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Puts a channel in the round. The caller holds the gate and wakes the loop after it.</summary>
    public void AddReady(ChannelOutput channel) => _outbox.AddReady(channel);

    /// <summary>Lets the loop end: nothing more is taken, what is queued goes out with <paramref name="farewell"/> behind it.</summary>
    /// <param name="farewell">The DISCONNECT message, or empty.</param>
    public void BeginClose(ReadOnlySpan<byte> farewell)
    {
        lock (Gate)
        {
            if (_closing)
            {
                return;
            }

            if (!farewell.IsEmpty)
            {
                _outbox.AddLast(farewell);
            }

            _closing = true;
            _outbox.EndWaits();
        }

        Wake();
    }

    /// <summary>Runs the receive loop's handling of one packet: work it causes is sent after the whole buffer, in one batch.</summary>
    public ValueTask Dispatch(Func<ReadOnlyMemory<byte>, ValueTask> handle, ReadOnlyMemory<byte> payload)
    {
        _dispatching = this;
        try
        {
            return handle(payload);
        }
        finally
        {
            _dispatching = null;
        }
    }

    /// <summary>Wakes the loop if there is something for it, and runs it on this thread for a while.</summary>
    public void Wake()
    {
        if (_dispatching == this)
        {
            return;
        }

        lock (Gate)
        {
            if (!_waiting || !(_outbox.HasNext || _closing))
            {
                return;
            }

            _waiting = false;
        }

        _borrowed = BorrowedBatches;
        _bell.Ring();
    }

    public void Dispose()
    {
        _batch.Dispose();
        _outbox.Dispose();
    }

    private ValueTask<bool> WaitForWorkAsync()
    {
        lock (Gate)
        {
            if (_outbox.HasNext)
            {
                return new ValueTask<bool>(true);
            }

            if (_closing)
            {
                return new ValueTask<bool>(false);
            }

            _bell.Reset();
            _waiting = true;
        }

        return _bell.WaitAsync();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                BeforeBatch?.Invoke();
                FillBatch();
                if (_batch.IsEmpty)
                {
                    return;
                }

                Interlocked.Add(ref _totalBytes, _batch.Sealed.Length);
                ValueTask write = _stream.WriteAsync(_batch.Sealed, cancellationToken);
                FinishWriters(); // their memory was copied: they may prepare more while this is written
                await write.ConfigureAwait(false);
                await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
                if (_borrowed > 0 && --_borrowed == 0)
                {
                    await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                }
            }
        }
        finally
        {
            FinishWriters();
            _batch.Release();
        }
    }

    private void FillBatch()
    {
        _batch.Clear();
        while (!_batch.IsFull)
        {
            int payloadBytes;
            bool isNewKeys;
            lock (Gate)
            {
                payloadBytes = _outbox.Take(_batch, out isNewKeys, out ChannelOutput? finished);
                if (finished is not null)
                {
                    _finished.Add(finished);
                }
            }

            if (payloadBytes == 0)
            {
                return;
            }

            _batch.Seal(payloadBytes);
            if (isNewKeys)
            {
                lock (Gate)
                {
                    _outbox.TakeNewKeys(_batch);
                }
            }
        }
    }

    private void FinishWriters()
    {
        foreach (ChannelOutput channel in _finished)
        {
            channel.CompleteWriter();
        }

        _finished.Clear();
    }

    private void Stop()
    {
        lock (Gate)
        {
            _closing = true;
            _waiting = false;
            _outbox.Clear();
        }
    }
}
