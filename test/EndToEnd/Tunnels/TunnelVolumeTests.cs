using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Tunnels;

/// <summary>Much at once.</summary>
public sealed class TunnelVolumeTests
{
    private const long Gibibyte = 1L << 30;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_gibibyte_arrives_as_it_left(bool toTheMachine)
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await setting.OpenAsync(target.Port, "check_port=0");
        using Socket user = await tunnel.DialAsync();
        using Socket there = await target.AcceptAsync();
        (Socket from, Socket to) = toTheMachine ? (user, there) : (there, user);
        Task sending = Noise.SendAsync(from, Gibibyte);
        await Noise.ReceiveAsync(to, Gibibyte).WaitAsync(Patience);
        await sending;
    }

    [Fact]
    public async Task A_web_server_is_fetched_by_64_at_once()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        await using WebSite site = new();
        TunnelPort tunnel = await setting.OpenAsync(site.Port, "scheme=http");
        using SocketsHttpHandler handler = new() { MaxConnectionsPerServer = 64 };
        using HttpClient user = new(handler) { BaseAddress = new Uri($"http://127.0.0.1:{tunnel.Port}") };
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async lane =>
        {
            for (int i = 0; i < 20; i++)
            {
                int size = (lane + 1) * 1000 * (i % 5 == 0 ? 10 : 1);
                Assert.Equal(WebSite.Sha256Of(lane * 100 + i, size), Convert.ToHexString(SHA256.HashData(await user.GetByteArrayAsync($"/{lane * 100 + i}/{size}"))));
            }
        })).WaitAsync(Patience);
        Assert.InRange((await tunnel.ViewAsync()).GetProperty("connections_total").GetInt32(), 32, 64);
    }

    [Fact]
    public async Task Twenty_tunnels_carry_fifty_connections_each()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        List<TcpTarget> targets = [];
        List<TunnelPort> tunnels = [];
        for (int i = 0; i < 20; i++)
        {
            TcpTarget target = new();
            target.Serve(TcpTarget.EchoAsync);
            targets.Add(target);
            tunnels.Add(await setting.OpenAsync(target.Port));
        }

        Socket[] users = await Task.WhenAll(tunnels.SelectMany(tunnel => Enumerable.Range(0, 50).Select(_ => tunnel.DialAsync()))).WaitAsync(Patience);
        await Task.WhenAll(users.Select(async (user, number) =>
        {
            Task sending = Noise.SendAsync(user, 100_000, number);
            await Noise.ReceiveAsync(user, 100_000, number);
            await sending;
            user.Dispose();
        })).WaitAsync(Patience);
        foreach (TunnelPort tunnel in tunnels)
        {
            await tunnel.EmptyAsync(TimeSpan.FromSeconds(10));
            Assert.Equal(50, (await tunnel.ViewAsync()).GetProperty("connections_total").GetInt32());
        }

        targets.ForEach(target => target.Dispose());
    }
}
