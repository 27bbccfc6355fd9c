using System.Buffers.Binary;
using System.Text;

namespace RPort.Ssh.Wire;

/// <summary>Takes the data types of RFC 4251 §5 off a message. Never throws: false means the message is shorter, or the value larger, than it may be.</summary>
internal ref struct SshReader(ReadOnlySpan<byte> message)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = message;

    /// <summary>What was not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public readonly bool AtEnd => _rest.IsEmpty;

    public bool TryReadByte(out byte value)
    {
        if (!TryReadRaw(1, out ReadOnlySpan<byte> bytes))
        {
            value = 0;
            return false;
        }

        value = bytes[0];
        return true;
    }

    /// <summary>Any non-zero byte is true (RFC 4251 §5).</summary>
    public bool TryReadBoolean(out bool value)
    {
        bool read = TryReadByte(out byte number);
        value = number != 0;
        return read;
    }

    public bool TryReadUInt32(out uint value)
    {
        if (!TryReadRaw(4, out ReadOnlySpan<byte> bytes))
        {
            value = 0;
            return false;
        }

        value = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return true;
    }

    public bool TryReadRaw(int count, out ReadOnlySpan<byte> bytes)
    {
        if (_rest.Length < count)
        {
            bytes = default;
            return false;
        }

        bytes = _rest[..count];
        _rest = _rest[count..];
        return true;
    }

    public bool TryReadString(int maxBytes, out ReadOnlySpan<byte> value)
    {
        value = default;
        return TryReadUInt32(out uint length) && length <= (uint)maxBytes && TryReadRaw((int)length, out value);
    }

    /// <summary>A string that must be UTF-8 (RFC 3629).</summary>
    public bool TryReadText(int maxBytes, out string value)
    {
        value = "";
        if (!TryReadString(maxBytes, out ReadOnlySpan<byte> bytes) || !System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return false;
        }

        value = Strict.GetString(bytes);
        return true;
    }

    /// <summary>A comma-separated list of printable ASCII names (RFC 4251 §5, §6). An empty list is legal, an empty name is not.</summary>
    public bool TryReadNameList(int maxBytes, int maxNames, out string[] names)
    {
        names = [];
        if (!TryReadString(maxBytes, out ReadOnlySpan<byte> bytes))
        {
            return false;
        }

        if (bytes.IsEmpty)
        {
            return true;
        }

        if (bytes.Count((byte)',') >= maxNames || bytes.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e))
        {
            return false;
        }

        names = Encoding.ASCII.GetString(bytes).Split(',');
        return Array.TrueForAll(names, static name => name.Length > 0);
    }

    /// <summary>A non-negative integer as big-endian bytes without leading zeros.</summary>
    public bool TryReadMpint(int maxBytes, out ReadOnlySpan<byte> value)
    {
        if (!TryReadString(maxBytes + 1, out value) || (value.Length > 0 && value[0] >= 0x80))
        {
            return false;
        }

        value = value.TrimStart((byte)0);
        return value.Length <= maxBytes;
    }
}
