using System.Buffers.Binary;

namespace RPort.Ssh.Sftp;

/// <summary>Reads fields off one packet. A field that does not fit leaves the reader where it was and says false.</summary>
internal ref struct SftpReader(ReadOnlySpan<byte> packet)
{
    private ReadOnlySpan<byte> _rest = packet;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _rest.Length;

    public bool TryReadByte(out byte value)
    {
        value = 0;
        if (_rest.IsEmpty)
        {
            return false;
        }

        value = _rest[0];
        _rest = _rest[1..];
        return true;
    }

    public bool TryReadUInt32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(_rest, out value))
        {
            return false;
        }

        _rest = _rest[4..];
        return true;
    }

    public bool TryReadUInt64(out ulong value)
    {
        if (!BinaryPrimitives.TryReadUInt64BigEndian(_rest, out value))
        {
            return false;
        }

        _rest = _rest[8..];
        return true;
    }

    public bool TryReadString(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!BinaryPrimitives.TryReadUInt32BigEndian(_rest, out uint length) || length > (uint)(_rest.Length - 4))
        {
            return false;
        }

        value = _rest.Slice(4, (int)length);
        _rest = _rest[(4 + (int)length)..];
        return true;
    }

    /// <summary>Reads ATTRS. Extended pairs are skipped; their count needs no limit of its own, since each takes at least eight bytes of the packet.</summary>
    public bool TryReadAttributes(out SftpAttributes attributes)
    {
        attributes = new SftpAttributes();
        if (!TryReadUInt32(out uint flags))
        {
            return false;
        }

        if ((flags & SftpAttributeFlags.Size) != 0)
        {
            if (!TryReadUInt64(out ulong size))
            {
                return false;
            }

            attributes = attributes with { Size = size > long.MaxValue ? long.MaxValue : (long)size };
        }

        if ((flags & SftpAttributeFlags.Owner) != 0)
        {
            if (!TryReadUInt32(out uint user) || !TryReadUInt32(out uint group))
            {
                return false;
            }

            attributes = attributes with { UserId = user, GroupId = group };
        }

        if ((flags & SftpAttributeFlags.Permissions) != 0)
        {
            if (!TryReadUInt32(out uint permissions))
            {
                return false;
            }

            attributes = attributes with { Permissions = permissions };
        }

        if ((flags & SftpAttributeFlags.Times) != 0)
        {
            if (!TryReadUInt32(out uint accessed) || !TryReadUInt32(out uint modified))
            {
                return false;
            }

            attributes = attributes with
            {
                Accessed = DateTimeOffset.FromUnixTimeSeconds(accessed),
                Modified = DateTimeOffset.FromUnixTimeSeconds(modified),
            };
        }

        return (flags & SftpAttributeFlags.Extended) == 0 || TrySkipExtended();
    }

    private bool TrySkipExtended()
    {
        if (!TryReadUInt32(out uint count))
        {
            return false;
        }

        for (uint i = 0; i < count; i++)
        {
            if (!TryReadString(out _) || !TryReadString(out _))
            {
                return false;
            }
        }

        return true;
    }
}
