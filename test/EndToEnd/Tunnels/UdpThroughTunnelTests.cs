using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Tunnels;

public sealed class UdpThroughTunnelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Ten_thousand_datagrams_of_mixed_sizes_come_back_whole()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using UdpClient target = new(new IPEndPoint(IPAddress.Loopback, 0));
        Task echoing = EchoAsync(target);
        int port = ((IPEndPoint)target.Client.LocalEndPoint!).Port;
        TunnelPort tunnel = await setting.OpenAsync(port, "protocol=udp");

        // Eight users at a time, each with one question under way: what comes back is then due to the tunnel and not to full socket buffers.
        Task<long>[] users = [.. Enumerable.Range(0, 8).Select(user => AskAsync(tunnel.Port, user, 1250))];
        long[] bytes = await Task.WhenAll(users).WaitAsync(TimeSpan.FromMinutes(2));

        JsonElement view = await tunnel.ViewAsync();
        Assert.Equal(bytes.Sum(), view.GetProperty("bytes_in").GetInt64());
        Assert.Equal((8, 0), (view.GetProperty("connections").GetInt32(), view.GetProperty("dropped_datagrams").GetInt32()));
        target.Dispose();
        await echoing;
        Assert.Equal(HttpStatusCode.NoContent, await tunnel.DeleteAsync(force: true));
    }

    [Fact]
    public async Task Tcp_and_udp_through_one_port()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget stream = new();
        stream.Serve(TcpTarget.EchoAsync);
        using UdpClient datagrams = new(new IPEndPoint(IPAddress.Loopback, stream.Port));
        _ = EchoAsync(datagrams);
        TunnelPort tunnel = await setting.OpenAsync(stream.Port, "protocol=tcp%2Budp");
        Assert.True(await AskAsync(tunnel.Port, 0, 20) > 0);
        using Socket user = await tunnel.DialAsync();
        await user.SendAsync(new byte[3]);
        Assert.Equal(3, await user.ReceiveAsync(new byte[8]).WaitAsync(Patience));
    }

    private static async Task<long> AskAsync(int port, int user, int count)
    {
        Random random = new(user);
        using UdpClient socket = new(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Connect(IPAddress.Loopback, port);
        long bytes = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] question = new byte[SizeOf(user, i, random)];
            random.NextBytes(question);
            BinaryPrimitives.WriteInt32BigEndian(question, (user << 16) + i);
            await socket.SendAsync(question);
            Assert.Equal(question, (await socket.ReceiveAsync().WaitAsync(Patience)).Buffer);
            bytes += question.Length;
        }

        return bytes;
    }

    /// <summary>Mostly of one packet, some of more; the largest from one user only, since a few of them at once fill the target's socket buffer.</summary>
    private static int SizeOf(int user, int number, Random random) => (number % 100) switch
    {
        0 when user == 0 => 65_507,
        < 10 => random.Next(1473, 8000),
        _ => random.Next(4, 1472),
    };

    private static async Task EchoAsync(UdpClient target)
    {
        try
        {
            while (true)
            {
                UdpReceiveResult question = await target.ReceiveAsync();
                await target.SendAsync(question.Buffer, question.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
