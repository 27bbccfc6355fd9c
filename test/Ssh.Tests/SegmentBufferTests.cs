using RPort.Ssh.Connection;

namespace RPort.Ssh.Tests;

public sealed class SegmentBufferTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_goes_in_comes_out_in_order_across_segments_of_every_size(int seed)
    {
        Random random = new(seed);
        SegmentBuffer buffer = new();
        byte[] piece = new byte[100_000];
        byte[] taken = new byte[100_000];
        int written = 0;
        int read = 0;
        for (int round = 0; round < 400; round++)
        {
            // Grows to megabytes in the first half, and runs empty in the second.
            int append = random.Next(round < 200 ? piece.Length : 5_000);
            for (int i = 0; i < append; i++)
            {
                piece[i] = ByteAt(written++);
            }

            buffer.Append(piece.AsSpan(0, append));
            int wanted = random.Next(round < 200 ? 30_000 : taken.Length);
            int count = buffer.Read(taken.AsSpan(0, wanted));
            Assert.Equal(Math.Min(wanted, written - read), count);
            for (int i = 0; i < count; i++)
            {
                Assert.True(taken[i] == ByteAt(read++), $"byte {read - 1} of seed {seed} is wrong");
            }

            Assert.Equal(written - read, buffer.Length);
        }

        buffer.Clear();
        Assert.Equal(0, buffer.Length);
    }

    private static byte ByteAt(int position) => (byte)((position * 31) ^ (position >> 8));
}
