using System.Diagnostics;
using RPort.Ssh.Algorithms;
using RPort.Ssh.Connection;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Transport;

/// <summary>
/// What waits for the send loop, in the order it goes: key exchange messages, control messages, then one packet of each channel that has data and
/// window, in turn. Guarded by <see cref="PacketSender.Gate"/>.
/// </summary>
/// <remarks>From KEXINIT until NEWKEYS only key exchange messages go out (RFC 4253 §7.1); the rest stays queued, within its bounds.</remarks>
internal sealed class Outbox(int maxControlBytes) : IDisposable
{
    private readonly MessageQueue _keyExchange = new();
    private readonly MessageQueue _control = new();
    private readonly Queue<ChannelOutput> _ready = new();
    private PacketProtection? _nextProtection;
    private bool _restartSequence;
    private bool _held;
    private TaskCompletionSource? _room;
    private bool _heldInTheEnd;

    /// <summary>Something may go now.</summary>
    public bool HasNext => !_keyExchange.IsEmpty || (!_held && (!_control.IsEmpty || _ready.Count > 0));

    public void AddKeyExchange(ReadOnlySpan<byte> message)
    {
        _keyExchange.Add(message);
        _heldInTheEnd |= message[0] == (byte)MessageNumber.KexInit;
    }

    /// <summary>Adds NEWKEYS, and owns the keys until they are in use.</summary>
    public void AddNewKeys(PacketProtection next, bool restartSequence)
    {
        Debug.Assert(_nextProtection is null, "the peer can not have finished two key exchanges before our NEWKEYS left");
        _nextProtection = next;
        _restartSequence = restartSequence;
        _keyExchange.Add([(byte)MessageNumber.NewKeys]);
        _heldInTheEnd = false;
    }

    /// <summary>Adds a message whatever the bound says.</summary>
    public void AddControl(ReadOnlySpan<byte> message) => _control.Add(message);

    /// <summary>Puts a channel at the end of the round.</summary>
    public void AddReady(ChannelOutput channel) => _ready.Enqueue(channel);

    /// <summary>Adds the last message of all. In the middle of a key exchange only messages of its kind and DISCONNECT may go; others wait for ever.</summary>
    public void AddLast(ReadOnlySpan<byte> message) => (_heldInTheEnd ? _keyExchange : _control).Add(message);

    /// <summary>Whether a message is within the bound. One larger than the bound goes when it is alone.</summary>
    /// <param name="messageBytes">Its size.</param>
    /// <param name="room">Otherwise: completes when there may be room again.</param>
    public bool HasRoom(int messageBytes, out Task room)
    {
        if (_control.Bytes == 0 || _control.Bytes + messageBytes <= maxControlBytes)
        {
            room = Task.CompletedTask;
            return true;
        }

        _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        room = _room.Task;
        return false;
    }

    /// <summary>Copies the next payload to its place in a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="isNewKeys">It is NEWKEYS: <see cref="TakeNewKeys"/> follows when it is sealed.</param>
    /// <param name="finished">The channel whose write it finished.</param>
    /// <returns>Bytes of payload; 0 when there is none that may go, or none that fits.</returns>
    public int Take(PacketBatch batch, out bool isNewKeys, out ChannelOutput? finished)
    {
        isNewKeys = false;
        finished = null;
        if (!_keyExchange.IsEmpty)
        {
            MessageNumber number = (MessageNumber)_keyExchange.Peek()[0];
            int bytes = Take(_keyExchange, batch);
            if (bytes > 0)
            {
                isNewKeys = number == MessageNumber.NewKeys;
                _held = number == MessageNumber.KexInit || (_held && !isNewKeys);
            }

            return bytes;
        }

        if (_held)
        {
            return 0;
        }

        if (_control.IsEmpty)
        {
            return TakeFromChannel(batch, out finished);
        }

        int taken = Take(_control, batch);
        if (_control.Bytes <= maxControlBytes / 2)
        {
            EndWaits();
        }

        return taken;
    }

    /// <summary>Puts the keys that came with NEWKEYS into use.</summary>
    public void TakeNewKeys(PacketBatch batch)
    {
        batch.Use(_nextProtection!, _restartSequence);
        _nextProtection = null;
    }

    /// <summary>Whoever waits for room tries again. After the close there is room for everything, since everything is dropped.</summary>
    public void EndWaits()
    {
        _room?.TrySetResult();
        _room = null;
    }

    public void Clear()
    {
        _keyExchange.Clear();
        _control.Clear();
        _ready.Clear();
        EndWaits();
    }

    public void Dispose() => _nextProtection?.Dispose();

    private static int Take(MessageQueue queue, PacketBatch batch)
    {
        ReadOnlySpan<byte> message = queue.Peek();
        int bytes = message.Length;
        if (!batch.TryMakeRoom(bytes))
        {
            return 0;
        }

        message.CopyTo(batch.PayloadRoom);
        queue.Remove();
        return bytes;
    }

    private int TakeFromChannel(PacketBatch batch, out ChannelOutput? finished)
    {
        finished = null;
        while (_ready.Count > 0 && batch.TryMakeRoom(PacketBatch.MaxChannelPayloadBytes))
        {
            ChannelOutput channel = _ready.Dequeue();
            int bytes = channel.Take(batch.PayloadRoom, out bool isFinished);
            finished = isFinished ? channel : null;
            if (bytes > 0)
            {
                return bytes;
            }
        }

        return 0;
    }
}
