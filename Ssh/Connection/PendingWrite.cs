using System.Buffers.Binary;
using System.Threading.Tasks.Sources;
using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Connection;

/// <summary>
/// The one write of a channel that may wait. The send loop copies straight out of the writer's memory. Guarded by <see cref="PacketSender.Gate"/>;
/// whoever takes the write under it completes it outside it.
/// </summary>
internal sealed class PendingWrite : IValueTaskSource
{
    private const uint NotExtended = 0;

    private ManualResetValueTaskSourceCore<bool> _core;
    private ReadOnlyMemory<byte> _data;
    private uint _dataType;

    public PendingWrite() => _core.RunContinuationsAsynchronously = true;

    /// <summary>Runs the code behind a write where it is completed. Set while none waits.</summary>
    public bool InlineContinuations
    {
        set => _core.RunContinuationsAsynchronously = !value;
    }

    public bool Waiting { get; private set; }

    /// <summary>Begins to wait. Under the gate.</summary>
    public ValueTask Begin(uint dataType, ReadOnlyMemory<byte> data)
    {
        _core.Reset();
        _data = data;
        _dataType = dataType;
        Waiting = true;
        return new ValueTask(this, _core.Version);
    }

    /// <summary>Ends the wait. Under the gate.</summary>
    /// <returns>True when the caller has to complete it.</returns>
    public bool Take()
    {
        bool taken = Waiting;
        Waiting = false;
        _data = default;
        return taken;
    }

    /// <summary>Makes the message with the next of its data. Under the gate.</summary>
    /// <param name="room">Where the message goes.</param>
    /// <param name="recipient">The peer's channel number.</param>
    /// <param name="maxDataBytes">What window and packet size allow.</param>
    /// <param name="dataBytes">Bytes of data in it.</param>
    /// <param name="finished">The last of the data is in it, and the caller has to complete the write.</param>
    /// <returns>Bytes of the message.</returns>
    public int TakeMessage(Span<byte> room, uint recipient, long maxDataBytes, out int dataBytes, out bool finished)
    {
        bool extended = _dataType != NotExtended;
        int header = extended ? 13 : 9;
        dataBytes = (int)Math.Min(maxDataBytes, _data.Length);
        room[0] = (byte)(extended ? MessageNumber.ChannelExtendedData : MessageNumber.ChannelData);
        BinaryPrimitives.WriteUInt32BigEndian(room[1..], recipient);
        if (extended)
        {
            BinaryPrimitives.WriteUInt32BigEndian(room[5..], _dataType);
        }

        BinaryPrimitives.WriteUInt32BigEndian(room[(header - 4)..], (uint)dataBytes);
        _data.Span[..dataBytes].CopyTo(room[header..]);
        _data = _data[dataBytes..];
        finished = _data.IsEmpty && Take();
        return header + dataBytes;
    }

    public void Complete() => _core.SetResult(true);

    public void Fail(Exception error) => _core.SetException(error);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
