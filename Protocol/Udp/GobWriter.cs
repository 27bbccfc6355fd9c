namespace RPort.Protocol.Udp;

/// <summary>Puts the values of Go's gob encoding into a buffer that is large enough.</summary>
internal ref struct GobWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public static int UnsignedLength(ulong value) => value < 0x80 ? 1 : 1 + BytesOf(value);

    public void WriteUnsigned(ulong value)
    {
        if (value < 0x80)
        {
            WriteByte((byte)value);
            return;
        }

        int bytes = BytesOf(value);
        WriteByte((byte)(0x100 - bytes));
        for (int i = bytes - 1; i >= 0; i--)
        {
            WriteByte((byte)(value >> (8 * i)));
        }
    }

    public void WriteSigned(long value) => WriteUnsigned(value < 0 ? (ulong)~value << 1 | 1 : (ulong)value << 1);

    public void WriteBytes(scoped ReadOnlySpan<byte> value)
    {
        WriteUnsigned((ulong)value.Length);
        WriteRaw(value);
    }

    public void WriteRaw(scoped ReadOnlySpan<byte> value)
    {
        value.CopyTo(_buffer[Length..]);
        Length += value.Length;
    }

    public void WriteByte(byte value) => _buffer[Length++] = value;

    private static int BytesOf(ulong value) => (64 - System.Numerics.BitOperations.LeadingZeroCount(value) + 7) / 8;
}
