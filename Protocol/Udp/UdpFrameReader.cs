namespace RPort.Protocol.Udp;

/// <summary>
/// Cuts one direction of a UDP tunnel channel into datagrams: a gob stream of <c>struct { Addr *net.UDPAddr; Data []byte }</c>. Read bytes into
/// <see cref="GetMemory"/>, tell how many with <see cref="Advance"/>, then call <see cref="TryRead"/> until it answers false.
/// </summary>
/// <remarks>
/// One caller at a time. Its buffer starts with 4 KiB and grows with the traffic, up to 128 KiB. After an exception the stream's place is lost: the
/// channel has to be closed.
/// </remarks>
public sealed class UdpFrameReader
{
    // A datagram of the largest size and everything gob puts around it.
    private const int MaxMessageBytes = ushort.MaxValue + 1024;
    private const int InitialBytes = 4 * 1024;
    private const int MaxBufferBytes = 128 * 1024;

    private readonly UdpTypes _types = new();
    private byte[] _buffer = new byte[InitialBytes];
    private int _start;
    private int _end;

    /// <summary>Room for the next bytes. Ends the validity of all data read so far.</summary>
    /// <returns>At least one byte.</returns>
    public Memory<byte> GetMemory()
    {
        int waiting = _end - _start;
        bool busy = _end == _buffer.Length && _buffer.Length < MaxBufferBytes; // the last read filled it: the next one may bring more
        byte[] target = busy ? new byte[_buffer.Length * 2] : _buffer;
        if (_start > 0 || busy)
        {
            _buffer.AsSpan(_start, waiting).CopyTo(target);
            (_buffer, _start, _end) = (target, 0, waiting);
        }

        return _buffer.AsMemory(_end);
    }

    /// <summary>Takes in what was read into <see cref="GetMemory"/>.</summary>
    /// <param name="bytes">How many bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">More than there was room for.</exception>
    public void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _buffer.Length - _end);
        _end += bytes;
    }

    /// <summary>The next datagram that is there as a whole.</summary>
    /// <param name="message">The datagram; its data is valid until the next call of <see cref="GetMemory"/>.</param>
    /// <returns>False where more bytes are needed.</returns>
    /// <exception cref="InvalidDataException">Malformed, or over a limit.</exception>
    public bool TryRead(out UdpMessage message)
    {
        message = default;
        while (TryTakeMessage(out ReadOnlyMemory<byte> bytes))
        {
            GobReader reader = new(bytes.Span);
            if (!reader.TryReadSigned(out long id))
            {
                throw Malformed("a message without a type");
            }

            if (id >= 0)
            {
                message = ReadValue(id, bytes, reader);
                return true;
            }

            if (id == long.MinValue || !_types.TryDefine(-id, reader))
            {
                throw Malformed("a type definition that does not fit");
            }
        }

        return false;
    }

    private static InvalidDataException Malformed(string what) => new($"The datagram stream holds {what}.");

    private bool TryTakeMessage(out ReadOnlyMemory<byte> message)
    {
        message = default;
        ReadOnlySpan<byte> buffered = _buffer.AsSpan(_start, _end - _start);
        GobReader reader = new(buffered);
        if (!reader.TryReadUnsigned(out ulong length))
        {
            // Either more of the number is to come, or there can be no such number.
            return buffered.IsEmpty || buffered[0] >= 0x100 - sizeof(ulong) ? false : throw Malformed("a length of more than eight bytes");
        }

        if (length is 0 or > MaxMessageBytes)
        {
            throw Malformed($"a message of {length} bytes");
        }

        int head = buffered.Length - reader.Rest.Length;
        if (reader.Rest.Length < (int)length)
        {
            return false;
        }

        message = _buffer.AsMemory(_start + head, (int)length);
        _start += head + (int)length;
        return true;
    }

    private UdpMessage ReadValue(long id, ReadOnlyMemory<byte> bytes, GobReader reader)
    {
        if (_types.Find(id) is not { Name: UdpTypes.Message } type)
        {
            throw Malformed("a value of a type that was not defined");
        }

        UdpPeer peer = default;
        ReadOnlyMemory<byte> data = default;
        int? field = -1;
        while (reader.TryReadField(ref field, type.Fields.Length))
        {
            if (field is not { } number)
            {
                return reader.AtEnd ? new UdpMessage(peer, data) : throw Malformed("bytes after a datagram");
            }

            if (type.Fields[number].Kind == UdpFieldKind.Peer)
            {
                peer = ReadPeer(type.Fields[number].TypeId, ref reader);
            }
            else if (reader.TryReadBytes(UdpMessage.MaxDataBytes, out ReadOnlySpan<byte> payload))
            {
                data = bytes.Slice(bytes.Length - reader.Rest.Length - payload.Length, payload.Length);
            }
            else
            {
                break;
            }
        }

        throw Malformed("a datagram that is cut short or too large");
    }

    private UdpPeer ReadPeer(long id, ref GobReader reader)
    {
        if (_types.Find(id) is not { Name: UdpTypes.Address } type)
        {
            throw Malformed("an address of a type that was not defined");
        }

        ReadOnlySpan<byte> address = default;
        long port = 0;
        string zone = "";
        int? field = -1;
        while (reader.TryReadField(ref field, type.Fields.Length))
        {
            if (field is not { } number)
            {
                return UdpPeer.TryMake(address, port, zone, out UdpPeer peer) ? peer : throw Malformed("an address that can not be one");
            }

            bool read = type.Fields[number].Kind switch
            {
                UdpFieldKind.Address => reader.TryReadBytes(16, out address),
                UdpFieldKind.Port => reader.TryReadSigned(out port),
                _ => reader.TryReadText(UdpPeer.MaxZoneBytes, out zone),
            };
            if (!read)
            {
                break;
            }
        }

        throw Malformed("an address that is cut short or too large");
    }
}
