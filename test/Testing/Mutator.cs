using System.Buffers.Binary;

namespace RPort.Testing;

/// <summary>Makes bad messages out of good ones, the same ones for the same seed.</summary>
/// <param name="seed">The seed, for the failure's message.</param>
/// <param name="meaningful">Bytes that mean something to the parser, such as its message numbers.</param>
public sealed class Mutator(int seed, params byte[] meaningful)
{
    private static readonly uint[] Interesting = [0, 1, 2, 4, 0x7f, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

    private readonly Random _random = new(seed);

    public byte[] Mutate(ReadOnlySpan<byte> good)
    {
        List<byte> bytes = [.. good];
        int changes = 1 + _random.Next(4);
        for (int i = 0; i < changes && bytes.Count > 0; i++)
        {
            Change(bytes);
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        int at = _random.Next(bytes.Count);
        switch (_random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = meaningful.Length > 0 && _random.Next(2) == 0 ? meaningful[_random.Next(meaningful.Length)] : (byte)_random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, _random.Next(bytes.Count - at + 1));
                break;
            case 3:
                byte[] noise = new byte[_random.Next(1, 64)];
                _random.NextBytes(noise);
                bytes.InsertRange(at, noise);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, _random.Next(bytes.Count - at + 1)));
                break;
            default:
                if (bytes.Count >= 4)
                {
                    Span<byte> number = stackalloc byte[4];
                    BinaryPrimitives.WriteUInt32BigEndian(number, Interesting[_random.Next(Interesting.Length)]);
                    at = _random.Next(bytes.Count - 3);
                    for (int i = 0; i < 4; i++)
                    {
                        bytes[at + i] = number[i];
                    }
                }

                break;
        }
    }
}
