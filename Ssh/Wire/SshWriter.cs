using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace RPort.Ssh.Wire;

/// <summary>
/// Builds one message from the data types of RFC 4251 §5, in memory the caller lends until that is full and in rented memory after.
/// Dispose gives the rented memory back; <see cref="Written"/> is void from then on.
/// </summary>
internal ref struct SshWriter : IDisposable
{
    private Span<byte> _buffer;
    private byte[]? _rented;
    private int _length;

    public SshWriter(Span<byte> lent) => _buffer = lent;

    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    public readonly int Length => _length;

    public void WriteByte(byte value) => Take(1)[0] = value;

    public void WriteBoolean(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(4), value);

    public void WriteRaw(scoped ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void WriteString(scoped ReadOnlySpan<byte> value)
    {
        WriteUInt32((uint)value.Length);
        WriteRaw(value);
    }

    public void WriteString(string value)
    {
        int bytes = Encoding.UTF8.GetByteCount(value);
        WriteUInt32((uint)bytes);
        Encoding.UTF8.GetBytes(value, Take(bytes));
    }

    public void WriteNameList(IEnumerable<string> names) => WriteString(string.Join(',', names));

    /// <summary>A non-negative integer given as big-endian bytes.</summary>
    public void WriteMpint(scoped ReadOnlySpan<byte> value)
    {
        value = value.TrimStart((byte)0);
        bool pad = value.Length > 0 && value[0] >= 0x80; // without it the number would read as negative
        WriteUInt32((uint)(value.Length + (pad ? 1 : 0)));
        if (pad)
        {
            WriteByte(0);
        }

        WriteRaw(value);
    }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented, clearArray: true); // may have held a password or a shared secret
            _rented = null;
            _buffer = default;
            _length = 0;
        }
    }

    private Span<byte> Take(int count)
    {
        if (_buffer.Length - _length < count)
        {
            Grow(count);
        }

        Span<byte> taken = _buffer.Slice(_length, count);
        _length += count;
        return taken;
    }

    private void Grow(int count)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, checked(_length + count)));
        _buffer[.._length].CopyTo(larger);
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented, clearArray: true);
        }

        _rented = larger;
        _buffer = larger;
    }
}
