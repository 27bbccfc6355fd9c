using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace RPort.Ssh.Algorithms;

/// <summary>
/// AES in counter mode (RFC 4344 §4): one block-cipher context kept alive over counter blocks, its output added to the data a vector at a time.
/// </summary>
internal sealed class AesCounter : IDisposable
{
    public const int BlockBytes = 16;

    // Fits the first-level cache beside the data; calls into the cipher become rare enough to cost nothing.
    private const int KeyStreamBytes = 8192;

    private readonly Aes _aes;
    private readonly ICryptoTransform _blocks;
    private ulong _counterHigh;
    private ulong _counterLow;

    public AesCounter(byte[] key, ReadOnlySpan<byte> initialCounter)
    {
        _aes = Aes.Create();
        _aes.Mode = CipherMode.ECB; // the bare block function; the counter is ours
        _aes.Padding = PaddingMode.None;
        _aes.Key = key;
        _blocks = _aes.CreateEncryptor();
        _counterHigh = BinaryPrimitives.ReadUInt64BigEndian(initialCounter);
        _counterLow = BinaryPrimitives.ReadUInt64BigEndian(initialCounter[8..]);
    }

    /// <summary>Encrypts or decrypts whole blocks in place.</summary>
    public void Apply(Span<byte> data)
    {
        byte[] keyStream = ArrayPool<byte>.Shared.Rent(Math.Min(KeyStreamBytes, data.Length));
        while (!data.IsEmpty)
        {
            int count = Math.Min(KeyStreamBytes, data.Length);
            FillCounters(keyStream.AsSpan(0, count));
            _blocks.TransformBlock(keyStream, 0, count, keyStream, 0);
            Xor(data[..count], keyStream.AsSpan(0, count));
            data = data[count..];
        }

        ArrayPool<byte>.Shared.Return(keyStream);
    }

    public void Dispose()
    {
        _blocks.Dispose();
        _aes.Dispose();
    }

    private static void Xor(Span<byte> data, ReadOnlySpan<byte> keyStream)
    {
        Span<Vector<byte>> wide = MemoryMarshal.Cast<byte, Vector<byte>>(data);
        ReadOnlySpan<Vector<byte>> wideStream = MemoryMarshal.Cast<byte, Vector<byte>>(keyStream);
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] ^= wideStream[i];
        }

        for (int i = wide.Length * Vector<byte>.Count; i < data.Length; i++)
        {
            data[i] ^= keyStream[i];
        }
    }

    private void FillCounters(Span<byte> blocks)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(blocks);
        ulong high = BigEndian(_counterHigh);
        ulong low = _counterLow; // in locals: as fields they would be stored once per block
        for (int i = 0; i + 1 < words.Length; i += 2)
        {
            words[i] = high;
            words[i + 1] = BigEndian(low);
            if (unchecked(++low) == 0)
            {
                high = BigEndian(unchecked(++_counterHigh));
            }
        }

        _counterLow = low;
    }

    private static ulong BigEndian(ulong value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}
