using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using RPort.Gateway.Tests.Agents;
using RPort.Grains.Abstractions;
using RPort.Protocol.Udp;
using RPort.Ssh;

namespace RPort.Gateway.Tests.Tunnels.Live;

/// <summary>The agent of these tests answers datagrams itself, on the one channel of the tunnel.</summary>
public sealed class UdpTunnelTests : IAsyncLifetime
{
    private readonly Socket _target = TunnelBench.Listen(); // its number only: nobody dials it
    private TunnelBench _bench = null!;

    public async Task InitializeAsync() => _bench = await TunnelBench.StartAsync(("Tunnels:MaxConnections", "2"));

    public async Task DisposeAsync()
    {
        await _bench.DisposeAsync();
        _target.Dispose();
    }

    [Fact]
    public async Task Datagrams_of_all_sizes_come_back_to_who_sent_them()
    {
        _bench.Agent.Open = open => SshChannelVerdict.Accept(EchoAsync);
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target, TunnelProtocol.Udp));
        using UdpClient one = Dial(tunnel);
        using UdpClient two = Dial(tunnel);
        foreach (int size in new[] { 1, 0, 100, 1472, 9012, 65_507 })
        {
            await EchoedAsync(one, RandomNumberGenerator.GetBytes(size));
            await EchoedAsync(two, RandomNumberGenerator.GetBytes(size));
        }

        LiveTunnel view = await _bench.ViewAsync(tunnel);
        Assert.Equal((2, 2L, 0L), (view.Connections, view.TotalConnections, view.DroppedDatagrams));

        // Bytes are counted once they are on their way: the echo may be here before.
        await GatewayUnderTest.UntilAsync(async () => await _bench.ViewAsync(tunnel) is { BytesIn: 2 * 76_092L, BytesOut: 2 * 76_092L });
    }

    [Fact]
    public async Task Strangers_are_not_heard_and_a_tighter_list_ends_those_who_were()
    {
        _bench.Agent.Open = open => SshChannelVerdict.Accept(EchoAsync);
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target, TunnelProtocol.Udp) with { LocalHost = "0.0.0.0" });
        using UdpClient user = Dial(tunnel);
        await EchoedAsync(user, [1, 2, 3]);
        using UdpClient stranger = new(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0));
        stranger.Connect(IPAddress.Loopback, tunnel.Tunnel.Spec.LocalPort);
        await stranger.SendAsync(new byte[] { 9 });
        await GatewayUnderTest.UntilAsync(async () => (await _bench.ViewAsync(tunnel)).Refused == 1);

        Assert.IsType<Done>(await _bench.AskAsync((id, time) => new ChangeTunnelAcl(id, time, tunnel.Tunnel.Id, "127.0.0.9")));
        await EchoedAsync(stranger, [7]);
        await user.SendAsync(new byte[] { 4 });
        await GatewayUnderTest.UntilAsync(async () => (await _bench.ViewAsync(tunnel)).Refused == 2);
        using UdpClient third = new(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0));
        using UdpClient fourth = new(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0));
        third.Connect(IPAddress.Loopback, tunnel.Tunnel.Spec.LocalPort);
        await EchoedAsync(third, [8]);
        fourth.Connect(IPAddress.Loopback, tunnel.Tunnel.Spec.LocalPort);
        await fourth.SendAsync(new byte[] { 9 });
        await GatewayUnderTest.UntilAsync(async () => (await _bench.ViewAsync(tunnel)).Refused == 3); // over the bound of two
    }

    [Fact]
    public async Task An_agent_sends_to_nobody_who_did_not_ask()
    {
        using UdpClient bystander = new(new IPEndPoint(IPAddress.Loopback, 0));
        UdpPeer victim = UdpPeer.From((IPEndPoint)bystander.Client.LocalEndPoint!);
        _bench.Agent.Open = open => SshChannelVerdict.Accept(async (channel, token) =>
        {
            UdpFrameQueue queue = new(1024);
            queue.TryAdd(victim, [6, 6, 6]);
            await channel.WriteAsync(await queue.TakeAsync(token), token);
            await EchoAsync(channel, token, queue);
        });
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target, TunnelProtocol.Udp));
        using UdpClient user = Dial(tunnel);
        await EchoedAsync(user, [1]); // behind the other one on the same channel
        Assert.Equal(0, bystander.Available);
    }

    [Fact]
    public async Task A_channel_that_breaks_is_opened_anew()
    {
        int opened = 0;
        _bench.Agent.Open = open => ++opened == 1
            ? SshChannelVerdict.Accept(static (channel, token) => channel.WriteAsync("\u0001nonsense"u8.ToArray(), token).AsTask())
            : SshChannelVerdict.Accept(EchoAsync);
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target, TunnelProtocol.Udp));
        using UdpClient user = Dial(tunnel);
        await GatewayUnderTest.UntilAsync(async () => // what was under way in the first one is lost
        {
            await user.SendAsync(new byte[] { 5 });
            return user.Available > 0;
        });
        Assert.Equal(2, opened);
    }

    [Fact]
    public async Task Tcp_and_udp_share_a_port()
    {
        _bench.Agent.Open = open => SshChannelVerdict.Accept(
            System.Text.Encoding.UTF8.GetString(open.Data.Span).EndsWith("/udp", StringComparison.Ordinal) ? EchoAsync : GreetAsync);
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target, TunnelProtocol.TcpAndUdp));
        using UdpClient datagrams = Dial(tunnel);
        await EchoedAsync(datagrams, [1, 2]);
        using Socket stream = await TunnelBench.DialAsync(tunnel);
        byte[] heard = new byte[3];
        Assert.Equal(3, await stream.ReceiveAsync(heard).WaitAsync(TestAgent.Patience));
        Assert.Equal("tcp"u8.ToArray(), heard);
    }

    private static async Task GreetAsync(SshChannel channel, CancellationToken cancellationToken)
    {
        await channel.WriteAsync("tcp"u8.ToArray(), cancellationToken);
        await channel.SendEofAsync(cancellationToken);
        await channel.ReadAsync(new byte[1], cancellationToken);
    }

    private static UdpClient Dial(LiveTunnel tunnel)
    {
        UdpClient user = new(new IPEndPoint(IPAddress.Loopback, 0));
        user.Connect(IPAddress.Loopback, tunnel.Tunnel.Spec.LocalPort);
        return user;
    }

    private static async Task EchoedAsync(UdpClient user, byte[] datagram)
    {
        await user.SendAsync(datagram);
        Assert.Equal(datagram, (await user.ReceiveAsync().WaitAsync(TestAgent.Patience)).Buffer);
    }

    private static async Task EchoAsync(SshChannel channel, CancellationToken cancellationToken)
    {
        UdpFrameQueue queue = new(1024 * 1024);
        await EchoAsync(channel, cancellationToken, queue);
    }

    private static async Task EchoAsync(SshChannel channel, CancellationToken cancellationToken, UdpFrameQueue queue)
    {
        UdpFrameReader reader = new();
        while (await channel.ReadAsync(reader.GetMemory(), cancellationToken) is > 0 and int read)
        {
            reader.Advance(read);
            while (reader.TryRead(out UdpMessage message))
            {
                queue.TryAdd(message.Peer, message.Data.Span);
                await channel.WriteAsync(await queue.TakeAsync(cancellationToken), cancellationToken);
            }
        }
    }
}
