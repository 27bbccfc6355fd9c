using System.Buffers.Binary;
using System.Text;
using RPort.Ssh;

namespace RPort.EndToEnd.Replay;

/// <summary>How an existing agent fetches a file: the recorded packets of its SFTP client, one request in flight, then EOF and the wait for CLOSE.</summary>
internal sealed class RecordedFetch : IAsyncDisposable
{
    private const uint BlockBytes = 32768;

    private readonly SshChannel _channel;
    private uint _requests;

    private RecordedFetch(SshChannel channel) => _channel = channel;

    public static async Task<byte[]> RunAsync(SshConnection connection, string path)
    {
        await using RecordedFetch fetch = new(await connection.OpenChannelAsync("session", default));
        Assert.True(await fetch._channel.RequestAsync("subsystem", Convert.FromHexString("0000000473667470")));
        byte[] content = await fetch.ReadFileAsync(path);
        await fetch._channel.SendEofAsync();
        Assert.Equal(0, await fetch._channel.ReadAsync(new byte[1]));
        await fetch._channel.Closed.WaitAsync(TimeSpan.FromSeconds(20)); // before this the agent neither places the file nor answers
        return content;
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();

    private async Task<byte[]> ReadFileAsync(string path)
    {
        await _channel.WriteAsync(Convert.FromHexString("000000050100000003"));
        byte[] version = await ReceiveAsync();
        Assert.Equal([2, 0, 0, 0, 3], version[..5]);
        AssertPairs(version.AsSpan(5));

        byte[] name = Encoding.UTF8.GetBytes(path);
        byte[] opened = await AskAsync(3, [.. UInt32((uint)name.Length), .. name, 0, 0, 0, 1, 0, 0, 0, 0]);
        Assert.Equal(0x66, opened[0]);
        byte[] handle = opened[5..];
        List<byte> content = [];
        while (true)
        {
            // After a short block the recorded client asks for the rest of that block.
            uint rest = BlockBytes - ((uint)content.Count % BlockBytes);
            byte[] answer = await AskAsync(5, [.. handle, 0, 0, 0, 0, .. UInt32((uint)content.Count), .. UInt32(rest)]);
            if (answer[0] == 0x65)
            {
                Assert.Equal([0, 0, 0, 1], answer[5..9]); // EOF
                break;
            }

            Assert.Equal(0x67, answer[0]);
            int length = BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(5));
            Assert.InRange(length, 1, (int)rest);
            content.AddRange(answer.AsSpan(9, length));
        }

        byte[] closed = await AskAsync(4, handle);
        Assert.Equal([0x65, .. UInt32(_requests), 0, 0, 0, 0], closed[..9]);
        return [.. content];
    }

    private async Task<byte[]> AskAsync(byte type, byte[] body)
    {
        byte[] id = UInt32(++_requests);
        await _channel.WriteAsync((byte[])[.. UInt32((uint)(5 + body.Length)), type, .. id, .. body]);
        byte[] answer = await ReceiveAsync();
        Assert.Equal(id, answer[1..5]);
        return answer;
    }

    private async Task<byte[]> ReceiveAsync() => await ReadAsync(BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(4)));

    private async Task<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        await _channel.AsStream().ReadExactlyAsync(bytes).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        return bytes;
    }

    // Extensions are pairs of texts; the client keeps those it does not know and uses none of them.
    private static void AssertPairs(ReadOnlySpan<byte> extensions)
    {
        for (int strings = 0; ; strings++)
        {
            if (extensions.IsEmpty)
            {
                Assert.Equal(0, strings % 2);
                return;
            }

            extensions = extensions[(4 + BinaryPrimitives.ReadInt32BigEndian(extensions))..];
        }
    }

    private static byte[] UInt32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
