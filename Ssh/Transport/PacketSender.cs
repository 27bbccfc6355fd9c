using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using RPort.Ssh.Algorithms;
using RPort.Ssh.Connection;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Transport;

/// <summary>
/// The send loop. Everything that leaves goes through it: key exchange messages first, then control messages, then one packet of each channel in
/// turn, as many as fit one buffer, encrypted and written at once.
/// </summary>
/// <remarks>
/// <para><see cref="Gate"/> guards the queues and the sending side of every channel; encryption and writing happen outside it and belong to the loop.</para>
/// <para>From KEXINIT until NEWKEYS only key exchange messages go out (RFC 4253 §7.1); the rest stays queued, within its bounds.</para>
/// <para>The loop waits without a thread. Who gives it work runs it at once on its own thread for a few batches, after which it moves to the pool.</para>
/// </remarks>
internal sealed class PacketSender : IValueTaskSource, IDisposable
{
    // Four full channel packets: more in one write gains nothing on a socket, and the copy stays in the second-level cache.
    private const int BatchBytes = 128 * 1024;

    // Largest packet that may follow when the batch is one byte short of full, and its frame.
    private const int BatchSlackBytes = 80 * 1024;

    // A batch that the waker's thread may do before it gets its thread back.
    private const int BorrowedBatches = 2;

    // The sender whose receive loop runs on this thread: it wakes the send loop once, after a whole buffer of packets.
    [ThreadStatic]
    private static PacketSender? _dispatching;

    private readonly Stream _stream;
    private readonly int _maxQueuedBytes;
    private readonly MessageQueue _keyExchange = new();
    private readonly MessageQueue _control = new();
    private readonly Queue<ChannelOutput> _ready = new();
    private readonly List<ChannelOutput> _finished = [];
    private ManualResetValueTaskSourceCore<bool> _bell;
    private TaskCompletionSource? _room;
    private PacketProtection _protection = new PlainProtection();
    private PacketProtection? _nextProtection;
    private bool _restartSequence;
    private uint _sequence;
    private byte[] _batch = [];
    private int _batchBytes;
    private long _totalBytes;
    private long _packets;
    private int _borrowed;
    private bool _held;
    private bool _heldInTheEnd;
    private bool _waiting;
    private bool _closing;

    public PacketSender(Stream stream, int maxQueuedBytes)
    {
        _stream = stream;
        _maxQueuedBytes = maxQueuedBytes;
    }

    /// <summary>Guards the queues here and the state of every <see cref="ChannelOutput"/>. Nothing is awaited and no user code runs under it.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Called by the loop before each batch, outside the gate: the moment to begin a key exchange that is due.</summary>
    public Action? BeforeBatch { get; set; }

    /// <summary>Bytes given to the stream.</summary>
    public long TotalBytes => Volatile.Read(ref _totalBytes);

    /// <summary>Packets under the present keys.</summary>
    public long Packets => Volatile.Read(ref _packets);

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
                _keyExchange.Add(message);
                _heldInTheEnd |= message[0] == (byte)MessageNumber.KexInit;
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
                Debug.Assert(_nextProtection is null, "the peer can not have finished two key exchanges before our NEWKEYS left");
                _nextProtection = next;
                _restartSequence = restartSequence;
                _keyExchange.Add([(byte)MessageNumber.NewKeys]);
                _heldInTheEnd = false;
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
            _control.Add(message);
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
            if (_control.Bytes > 0 && _control.Bytes + message.Length > _maxQueuedBytes && !_closing)
            {
                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
                return false;
            }

            if (admit is null || admit())
            {
                AddControl(message);
            }
        }

        room = Task.CompletedTask;
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
    public void AddReady(ChannelOutput channel) => _ready.Enqueue(channel);

    /// <summary>Lets the loop end: nothing more is taken, what is queued goes out with <paramref name="farewell"/> behind it.</summary>
    /// <param name="farewell">The DISCONNECT message, or empty.</param>
    public void BeginClose(ReadOnlySpan<byte> farewell)
    {
        TaskCompletionSource? room;
        lock (Gate)
        {
            if (_closing)
            {
                return;
            }

            if (!farewell.IsEmpty)
            {
                // In the middle of a key exchange only messages of its kind and DISCONNECT may go; the others would wait for ever.
                (_heldInTheEnd ? _keyExchange : _control).Add(farewell);
            }

            _closing = true;
            room = _room;
        }

        room?.TrySetResult();
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
            if (!_waiting || !(HasWork || _closing))
            {
                return;
            }

            _waiting = false;
        }

        _borrowed = BorrowedBatches;
        _bell.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _bell.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _bell.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _bell.OnCompleted(continuation, state, token, flags);

    public void Dispose()
    {
        _protection.Dispose();
        _nextProtection?.Dispose();
        ReleaseBatch();
    }

    private bool HasWork => !_keyExchange.IsEmpty || (!_held && (!_control.IsEmpty || _ready.Count > 0));

    private ValueTask<bool> WaitForWorkAsync()
    {
        lock (Gate)
        {
            if (HasWork)
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

        return WaitForBellAsync();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitForBellAsync()
    {
        await new ValueTask(this, _bell.Version).ConfigureAwait(false);
        return true;
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
                if (_batchBytes == 0)
                {
                    return;
                }

                Interlocked.Add(ref _totalBytes, _batchBytes);
                ValueTask write = _stream.WriteAsync(_batch.AsMemory(0, _batchBytes), cancellationToken);
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
            ReleaseBatch();
        }
    }

    private void FillBatch()
    {
        _batchBytes = 0;
        while (_batchBytes < BatchBytes)
        {
            int payloadBytes;
            MessageNumber number;
            lock (Gate)
            {
                payloadBytes = TakePayload(out number);
            }

            if (payloadBytes == 0)
            {
                return;
            }

            int packetBytes = _protection.PacketBytes(payloadBytes);
            _protection.SealPayload(_batch.AsSpan(_batchBytes, packetBytes), payloadBytes, _sequence);
            _batchBytes += packetBytes;
            _sequence++; // wraps at 2^32 by rule (RFC 4253 §6.4)
            Volatile.Write(ref _packets, _packets + 1);
            if (number == MessageNumber.NewKeys)
            {
                TakeNewKeys(); // for every packet from here on
            }
        }
    }

    /// <summary>Copies the next message to where its packet's payload goes. Returns 0 when there is none, or none that fits. Under the gate.</summary>
    /// <param name="number">The number of a key exchange message, otherwise none.</param>
    private int TakePayload(out MessageNumber number)
    {
        number = default;
        MessageQueue? queue = !_keyExchange.IsEmpty ? _keyExchange : !_held && !_control.IsEmpty ? _control : null;
        if (queue is not null)
        {
            ReadOnlySpan<byte> message = queue.Peek();
            if (!TryMakeRoom(message.Length))
            {
                return 0;
            }

            int length = message.Length;
            message.CopyTo(PayloadRoom());
            if (ReferenceEquals(queue, _keyExchange))
            {
                number = (MessageNumber)message[0];
                _held = number == MessageNumber.KexInit || (_held && number != MessageNumber.NewKeys);
            }

            queue.Remove();
            SignalRoom();
            return length;
        }

        return _held ? 0 : TakeChannelPayload();
    }

    private int TakeChannelPayload()
    {
        while (_ready.Count > 0)
        {
            if (!TryMakeRoom(BatchSlackBytes - 1024))
            {
                return 0;
            }

            ChannelOutput channel = _ready.Dequeue();
            int length = channel.Take(PayloadRoom(), out bool finished);
            if (finished)
            {
                _finished.Add(channel);
            }

            if (length > 0)
            {
                return length;
            }
        }

        return 0;
    }

    private Span<byte> PayloadRoom() => _batch.AsSpan(_batchBytes + PacketProtection.LengthBytes + 1);

    private bool TryMakeRoom(int payloadBytes)
    {
        int needed = PacketProtection.LengthBytes + 1 + payloadBytes + PacketProtection.MaxTrailerBytes;
        if (_batch.Length - _batchBytes >= needed)
        {
            return true;
        }

        if (_batchBytes > 0)
        {
            return false; // goes first into the next batch
        }

        ReleaseBatch();
        _batch = ArrayPool<byte>.Shared.Rent(Math.Max(BatchBytes + BatchSlackBytes, needed));
        return true;
    }

    private void TakeNewKeys()
    {
        lock (Gate)
        {
            _protection.Dispose();
            _protection = _nextProtection!;
            _nextProtection = null;
            _sequence = _restartSequence ? 0 : _sequence;
            Volatile.Write(ref _packets, 0);
        }
    }

    private void SignalRoom()
    {
        if (_room is not null && _control.Bytes <= _maxQueuedBytes / 2)
        {
            _room.TrySetResult();
            _room = null;
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

    private void ReleaseBatch()
    {
        if (_batch.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_batch);
            _batch = [];
        }
    }

    private void Stop()
    {
        lock (Gate)
        {
            _closing = true;
            _waiting = false;
            _keyExchange.Clear();
            _control.Clear();
            _ready.Clear();
            _room?.TrySetResult();
        }
    }
}
