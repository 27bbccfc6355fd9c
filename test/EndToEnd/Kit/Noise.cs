using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RPort.EndToEnd.Kit;

/// <summary>A stream of bytes in which every place tells where it is: what is lost, repeated or moved is noticed at once, and no copy has to be kept.</summary>
internal static class Noise
{
    private const int Block = 256 * 1024;

    /// <summary>Sends so many bytes of the stream, and FIN.</summary>
    public static async Task SendAsync(Socket socket, long length, int seed = 0)
    {
        byte[] block = new byte[Block];
        for (long at = 0; at < length; at += Block)
        {
            Fill(block, at, seed);
            ReadOnlyMemory<byte> rest = block.AsMemory(0, (int)Math.Min(Block, length - at));
            while (!rest.IsEmpty)
            {
                rest = rest[await socket.SendAsync(rest)..];
            }
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Receives exactly these bytes, and FIN.</summary>
    public static async Task ReceiveAsync(Socket socket, long length, int seed = 0)
    {
        byte[] block = new byte[Block];
        byte[] expected = new byte[Block];
        for (long at = 0; at < length; at += Block)
        {
            int size = (int)Math.Min(Block, length - at);
            for (int filled = 0; filled < size;)
            {
                int read = await socket.ReceiveAsync(block.AsMemory(filled, size - filled));
                Assert.True(read > 0, $"The stream ended after {at + filled} bytes of {length}.");
                filled += read;
            }

            Fill(expected, at, seed);
            Assert.True(expected.AsSpan(0, size).SequenceEqual(block.AsSpan(0, size)), $"Bytes between {at} and {at + size} are not those that were sent.");
        }

        Assert.Equal(0, await socket.ReceiveAsync(block));
    }

    private static void Fill(byte[] block, long at, int seed)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(block.AsSpan());
        ulong word = (ulong)(at / sizeof(ulong)) + ((ulong)seed << 48);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = (word + (ulong)i) * 0x9E3779B97F4A7C15;
        }
    }
}
