using System.Text;
using System.Text.Unicode;

namespace RPort.Protocol.Udp;

/// <summary>
/// Takes the values of Go's gob encoding (documentation of package <c>encoding/gob</c>) off a message. Never throws: false means that the message is
/// shorter, or the value larger, than it may be.
/// </summary>
internal ref struct GobReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>What was not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>A byte below 128 is the number; another is the negated count of the big-endian bytes that follow.</summary>
    public bool TryReadUnsigned(out ulong value)
    {
        value = 0;
        if (_rest.IsEmpty)
        {
            return false;
        }

        int first = _rest[0];
        if (first < 0x80)
        {
            value = (ulong)first;
            _rest = _rest[1..];
            return true;
        }

        int bytes = 0x100 - first;
        if (bytes > sizeof(ulong) || _rest.Length <= bytes)
        {
            return false;
        }

        for (int i = 1; i <= bytes; i++)
        {
            value = value << 8 | _rest[i];
        }

        _rest = _rest[(1 + bytes)..];
        return true;
    }

    /// <summary>An unsigned number whose lowest bit says whether the others are complemented.</summary>
    public bool TryReadSigned(out long value)
    {
        bool read = TryReadUnsigned(out ulong bits);
        value = (bits & 1) == 0 ? (long)(bits >> 1) : ~(long)(bits >> 1);
        return read;
    }

    public bool TryReadBytes(int maxBytes, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!TryReadUnsigned(out ulong length) || length > (ulong)Math.Min(maxBytes, _rest.Length))
        {
            return false;
        }

        value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return true;
    }

    /// <summary>A string that must be UTF-8.</summary>
    public bool TryReadText(int maxBytes, out string value)
    {
        value = "";
        if (!TryReadBytes(maxBytes, out ReadOnlySpan<byte> bytes) || !Utf8.IsValid(bytes))
        {
            return false;
        }

        value = Encoding.UTF8.GetString(bytes);
        return true;
    }

    /// <summary>The next field of a struct, whose number is given as the distance from the one before.</summary>
    /// <param name="field">The field before, -1 for none; the field found, or null at the end of the struct.</param>
    /// <param name="fields">How many the struct has.</param>
    public bool TryReadField(ref int? field, int fields)
    {
        if (!TryReadUnsigned(out ulong distance) || distance > (ulong)fields)
        {
            return false;
        }

        field = distance == 0 ? null : field + (int)distance;
        return field is null || field < fields;
    }
}
