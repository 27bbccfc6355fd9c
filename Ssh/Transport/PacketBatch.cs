using System.Buffers;
using RPort.Ssh.Algorithms;

namespace RPort.Ssh.Transport;

/// <summary>
/// The packets of one write. Payloads are copied to their final place, framed and encrypted there. Owned by the send loop, and with it the keys in
/// use and the sequence number; its buffer is rented while there is something to send.
/// </summary>
internal sealed class PacketBatch : IDisposable
{
    // Four full channel packets: more in one write gains nothing on a socket, and the copy stays in the second-level cache.
    private const int FullBytes = 128 * 1024;

    // Largest packet that may follow when the batch is one byte short of full, and its frame.
    private const int SlackBytes = 80 * 1024;

    private PacketProtection _protection = new PlainProtection();
    private byte[] _buffer = [];
    private int _end;
    private uint _sequence;
    private long _packets;

    /// <summary>A channel's packet has at most this many bytes of payload.</summary>
    public static int MaxChannelPayloadBytes => SlackBytes - 1024;

    public bool IsEmpty => _end == 0;

    public bool IsFull => _end >= FullBytes;

    /// <summary>What is to be written. Good until <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Sealed => _buffer.AsMemory(0, _end);

    /// <summary>Where the next payload goes; at least what <see cref="TryMakeRoom"/> was asked for.</summary>
    public Span<byte> PayloadRoom => _buffer.AsSpan(_end + PacketProtection.LengthBytes + 1);

    /// <summary>Packets under the present keys. Any thread may ask.</summary>
    public long Packets => Volatile.Read(ref _packets);

    /// <summary>Begins the next batch.</summary>
    public void Clear() => _end = 0;

    /// <summary>Makes sure that a payload fits, in a larger buffer if it is the first.</summary>
    /// <returns>False when it has to go first into the next batch.</returns>
    public bool TryMakeRoom(int payloadBytes)
    {
        int needed = PacketProtection.LengthBytes + 1 + payloadBytes + PacketProtection.MaxTrailerBytes;
        if (_buffer.Length - _end >= needed)
        {
            return true;
        }

        if (_end > 0)
        {
            return false;
        }

        Release();
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(FullBytes + SlackBytes, needed));
        return true;
    }

    /// <summary>Makes a packet of the payload that was put into <see cref="PayloadRoom"/>.</summary>
    public void Seal(int payloadBytes)
    {
        int packetBytes = _protection.PacketBytes(payloadBytes);
        _protection.SealPayload(_buffer.AsSpan(_end, packetBytes), payloadBytes, _sequence);
        _end += packetBytes;
        _sequence++; // wraps at 2^32 by rule (RFC 4253 §6.4)
        Volatile.Write(ref _packets, _packets + 1);
    }

    /// <summary>Takes new keys into use for every packet from here on, and owns them. Strict key exchange starts the count again.</summary>
    public void Use(PacketProtection next, bool restartSequence)
    {
        _protection.Dispose();
        _protection = next;
        _sequence = restartSequence ? 0 : _sequence;
        Volatile.Write(ref _packets, 0);
    }

    /// <summary>Gives the buffer back until there is something to send again.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        _end = 0;
    }

    public void Dispose()
    {
        Release();
        _protection.Dispose();
    }
}
