using System.Buffers;
using System.Buffers.Binary;

namespace RPort.Ssh.Sftp;

/// <summary>
/// Writes packets one behind the other into one rented buffer, which grows when it must. Whoever made it disposes it; that returns the buffer.
/// </summary>
internal sealed class SftpWriter(int capacity) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    private int _packetStart;

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>All that was written; valid until the next write or disposal.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Begins a packet that carries a request id, which is all but INIT and VERSION.</summary>
    public void Begin(SftpPacketType type, uint id)
    {
        Begin(type);
        UInt32(id);
    }

    /// <summary>Begins a packet. Its length is written by <see cref="End"/>.</summary>
    public void Begin(SftpPacketType type)
    {
        _packetStart = Length;
        Reserve(SftpWire.LengthBytes + 1);
        _buffer[Length + SftpWire.LengthBytes] = (byte)type;
        Length += SftpWire.LengthBytes + 1;
    }

    /// <summary>Ends the packet begun last.</summary>
    public void End() => BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_packetStart), Length - _packetStart - SftpWire.LengthBytes);

    /// <summary>Takes back the packet begun last.</summary>
    public void Undo() => Length = _packetStart;

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Reserve(4).Span, value);
        Length += 4;
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(Reserve(8).Span, value);
        Length += 8;
    }

    public void String(ReadOnlySpan<byte> value)
    {
        UInt32((uint)value.Length);
        value.CopyTo(Reserve(value.Length).Span);
        Length += value.Length;
    }

    public void String(string value)
    {
        int bytes = SftpWire.StrictUtf8.GetByteCount(value);
        UInt32((uint)bytes);
        SftpWire.StrictUtf8.GetBytes(value, Reserve(bytes).Span);
        Length += bytes;
    }

    public void Attributes(SftpAttributes attributes)
    {
        bool owner = attributes is { UserId: not null, GroupId: not null };
        bool times = attributes is { Accessed: not null, Modified: not null };
        UInt32((attributes.Size is null ? 0 : SftpAttributeFlags.Size)
            | (owner ? SftpAttributeFlags.Owner : 0)
            | (attributes.Permissions is null ? 0 : SftpAttributeFlags.Permissions)
            | (times ? SftpAttributeFlags.Times : 0));
        if (attributes.Size is { } size)
        {
            UInt64((ulong)size);
        }

        if (owner)
        {
            UInt32(attributes.UserId!.Value);
            UInt32(attributes.GroupId!.Value);
        }

        if (attributes.Permissions is { } permissions)
        {
            UInt32(permissions);
        }

        if (times)
        {
            UInt32(Seconds(attributes.Accessed!.Value));
            UInt32(Seconds(attributes.Modified!.Value));
        }
    }

    /// <summary>Room for bytes that the caller fills in place; they count once <see cref="Advance"/> says so.</summary>
    public Memory<byte> Reserve(int bytes)
    {
        if (_buffer.Length - Length < bytes)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(checked(Length + bytes));
            _buffer.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(Length, bytes);
    }

    /// <summary>Counts bytes that were filled into reserved room.</summary>
    public void Advance(int bytes) => Length += bytes;

    /// <summary>Takes back all after this length.</summary>
    public void Truncate(int length) => Length = length;

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        Length = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static uint Seconds(DateTimeOffset time) => (uint)Math.Clamp(time.ToUnixTimeSeconds(), 0, uint.MaxValue);
}
