using RPort.Ssh.Sftp;

namespace RPort.Ssh.Tests.Sftp;

public sealed class SftpInputTests
{
    private static readonly byte[] Script = [.. Packets.Init, .. Packets.Open(1, "/some/path"), .. Packets.Read(2, 1, 0, 32768), .. Packets.Data(3, new byte[9000])];

    private static readonly int[] Lengths = [5, 27, 25, 9009];

    [Fact]
    public async Task Packets_come_out_whole_however_they_arrive()
    {
        await AssertPacketsAsync(ScriptedStream.Whole(Script));
        await AssertPacketsAsync(ScriptedStream.OneByteAtATime(Script));
        for (int split = 1; split < 100; split++)
        {
            await AssertPacketsAsync(ScriptedStream.SplitAt(Script, split));
        }
    }

    [Fact]
    public async Task The_end_of_the_stream_is_clean_between_packets_only()
    {
        int[] boundaries = [0, 9, 40, 69, Script.Length];
        for (int length = 0; length <= 80; length++)
        {
            using var input = new SftpInput(ScriptedStream.Whole(Script[..length]), 34_000);
            Task drain = DrainAsync(input);
            if (boundaries.Contains(length))
            {
                await drain;
            }
            else
            {
                SftpException e = await Assert.ThrowsAsync<SftpException>(() => drain);
                Assert.Equal(SftpStatus.ConnectionLost, e.Status);
            }
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1001u)]
    [InlineData(0x8000_0000u)]
    [InlineData(uint.MaxValue)]
    public async Task A_length_outside_the_limit_is_refused_before_anything_is_kept(uint length)
    {
        byte[] script = [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, 1, 2, 3];
        using var input = new SftpInput(ScriptedStream.Whole(script), 1000);
        SftpException e = await Assert.ThrowsAsync<SftpException>(() => DrainAsync(input));
        Assert.Equal(SftpStatus.BadMessage, e.Status);
        Assert.True(input.HasPacket); // the complaint is there to be had without waiting
    }

    [Fact]
    public async Task Bytes_read_into_place_continue_where_the_buffer_ends()
    {
        byte[] script = new byte[200_000];
        new Random(5).NextBytes(script);
        using var input = new SftpInput(new ScriptedStream(script, position => (position % 7000) + 1), 34_000);
        await input.FillAsync(13, CancellationToken.None);
        input.Consume(13);
        byte[] destination = new byte[150_000];
        await input.ReadIntoAsync(destination, CancellationToken.None);
        Assert.Equal(script[13..150_013], destination);
        await Assert.ThrowsAsync<SftpException>(() => input.ReadIntoAsync(destination, CancellationToken.None).AsTask());
    }

    private static async Task AssertPacketsAsync(Stream stream)
    {
        using var input = new SftpInput(stream, 34_000);
        int position = 0;
        foreach (int length in Lengths)
        {
            ReadOnlyMemory<byte>? packet = await input.ReadPacketAsync(CancellationToken.None);
            Assert.Equal(Script[(position + 4)..(position + 4 + length)], packet!.Value.ToArray());
            position += 4 + length;
        }

        Assert.Null(await input.ReadPacketAsync(CancellationToken.None));
    }

    private static async Task DrainAsync(SftpInput input)
    {
        while (await input.ReadPacketAsync(CancellationToken.None) is not null)
        {
        }
    }
}
