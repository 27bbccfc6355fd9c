using System.Net;
using System.Net.Sockets;
using RPort.Gateway.Tests.Agents;
using RPort.Grains.Abstractions;
using RPort.Testing;

namespace RPort.Gateway.Tests.Tunnels.Live;

/// <summary>Tunnels outlive sessions.</summary>
public sealed class TunnelLifeTests : IAsyncLifetime
{
    private readonly MovableClock _clock = new();
    private readonly Socket _target = TunnelBench.Listen();
    private TunnelBench _bench = null!;

    public async Task InitializeAsync() => _bench = await TunnelBench.StartAsync(_clock);

    public async Task DisposeAsync()
    {
        await _bench.DisposeAsync();
        _target.Dispose();
    }

    [Fact]
    public async Task The_next_session_has_the_same_tunnel_on_the_same_port()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target));
        using Socket user = await TunnelBench.DialAsync(tunnel);
        using Socket target = await _target.AcceptAsync().WaitAsync(TestAgent.Patience);
        TestAgent older = _bench.Agent;
        await using TestAgent newer = await _bench.ConnectAsync(); // the same process takes over while its older session lives

        await older.ClosedAsync();
        await Assert.ThrowsAsync<SocketException>(() => user.ReceiveAsync(new byte[1]).WaitAsync(TestAgent.Patience));
        await GatewayUnderTest.UntilAsync(async () => (await _bench.ViewAsync(tunnel)).Open);
        Assert.Equal(tunnel.Tunnel, (await _bench.ViewAsync(tunnel)).Tunnel);
        using Socket again = await TunnelBench.DialAsync(tunnel);
        using Socket targetAgain = await _target.AcceptAsync().WaitAsync(TestAgent.Patience);
    }

    [Fact]
    public async Task Another_gateway_has_the_same_tunnel_on_the_same_port_when_the_agent_dials_that_one()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target));
        await using GatewayUnderTest other = await GatewayUnderTest.StartBesideAsync(_bench.Gateway, ("Tunnels:PublicHost", "other.example"));
        TestAgent older = _bench.Agent;
        await using TestAgent newer = await _bench.ConnectAsync(to: other); // a failover: the first gateway has not noticed yet
        await older.ClosedAsync();
        await GatewayUnderTest.UntilAsync(async () => (await _bench.ViewAsync(tunnel)) is { Open: true, PublicHost: "other.example" });
        Assert.Equal(tunnel.Tunnel, (await _bench.ViewAsync(tunnel)).Tunnel);
        using Socket user = await TunnelBench.DialAsync(tunnel);
        using Socket target = await _target.AcceptAsync().WaitAsync(TestAgent.Patience);
    }

    [Fact]
    public async Task A_port_that_is_taken_meanwhile_is_named_and_taken_back_when_it_is_free()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target));
        await _bench.Agent.DisposeAsync();
        await GatewayUnderTest.UntilAsync(async () => !(await _bench.Client.GetAsync())!.Connected);
        using (Socket thief = await TakeAsync(tunnel.Tunnel.Spec.LocalPort))
        {
            await using TestAgent again = await _bench.ConnectAsync();
            LiveTunnel waiting = await _bench.ViewAsync(tunnel);
            Assert.False(waiting.Open);
            Assert.Equal($"port {tunnel.Tunnel.Spec.LocalPort} is in use on this gateway", waiting.Error);
            thief.Dispose();
            await GatewayUnderTest.UntilAsync(async () => (await _bench.ViewAsync(tunnel)) is { Open: true, Error: "" });
            using Socket user = await TunnelBench.DialAsync(tunnel);
        }
    }

    [Fact]
    public async Task A_port_is_kept_for_a_moment_for_the_client_that_had_it()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target));
        await _bench.Agent.DisposeAsync();
        await GatewayUnderTest.UntilAsync(async () => !(await _bench.Client.GetAsync())!.Connected);

        await using TestAgent other = await TestAgent.ConnectAsync(_bench.Gateway, "other", "tunnel2");
        other.Answer = request => Task.FromResult(_bench.Reply(request));
        SessionAnswer answer = await _bench.Gateway.Grains.GetGrain<IClientGrain>("other").AskAsync(
            new OpenTunnel(QuestionId.New(), TimeSpan.FromSeconds(10), tunnel.Tunnel.Spec, CheckPort: false));
        Assert.Equal(new Refused(RefusalReason.PortInUse, "kept for a client that was connected a moment ago"), answer);
    }

    [Fact]
    public async Task Without_a_session_tunnels_can_still_be_removed_and_narrowed()
    {
        LiveTunnel one = await _bench.OpenAsync(TunnelBench.To(_target));
        LiveTunnel two = await _bench.OpenAsync(TunnelBench.To(_target) with { Acl = "127.0.0.2" });
        Assert.False(await _bench.Client.RemoveTunnelOfAbsentAsync(one.Tunnel.Id)); // a session is there to do it
        await _bench.Agent.DisposeAsync();
        await GatewayUnderTest.UntilAsync(async () => !(await _bench.Client.GetAsync())!.Connected);
        Assert.Equal(RefusalReason.NotConnected, Assert.IsType<Refused>(await _bench.AskAsync((id, time) => new ListTunnels(id, time))).Reason);
        Assert.True(await _bench.Client.RemoveTunnelOfAbsentAsync(one.Tunnel.Id));
        Assert.True(await _bench.Client.ChangeAclOfAbsentAsync(two.Tunnel.Id, "127.0.0.1"));

        await using TestAgent again = await _bench.ConnectAsync();
        Assert.Equal("127.0.0.1", (await _bench.ViewAsync(two)).Tunnel.Spec.Acl);
        using Socket user = await TunnelBench.DialAsync(two);
        using Socket target = await _target.AcceptAsync().WaitAsync(TestAgent.Patience);
        await Assert.ThrowsAsync<SocketException>(() => TunnelBench.DialAsync(one));
    }

    [Fact]
    public async Task A_tunnel_ends_at_its_time_even_while_it_is_used()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target) with { AutoClose = TimeSpan.FromHours(2) });
        using Socket user = await TunnelBench.DialAsync(tunnel);
        using Socket target = await _target.AcceptAsync().WaitAsync(TestAgent.Patience);
        _clock.Advance(TimeSpan.FromHours(2));
        await Assert.ThrowsAsync<SocketException>(() => user.ReceiveAsync(new byte[1]).WaitAsync(TestAgent.Patience));
        await GatewayUnderTest.UntilAsync(async () => (await _bench.Client.GetAsync())!.Tunnels.IsEmpty);
    }

    [Fact]
    public async Task An_agent_gets_the_tunnels_of_its_own_configuration_and_keeps_them()
    {
        int port = FreePort();
        string remotes = $$"""[{"name":"own","protocol":"tcp","lhost":"127.0.0.1","lport":"{{port}}","lport_random":false,"rhost":"127.0.0.1","rport":"{{TunnelBench.PortOf(_target)}}"}]""";
        await using TestAgent own = await _bench.ConnectAsync(remotes: remotes);
        Assert.Contains($"\"lport\":\"{port}\"", _bench.LastReply, StringComparison.Ordinal);
        TunnelRecord made = Assert.Single((await _bench.Client.GetAsync())!.Tunnels);
        Assert.Equal(("own", "", "127.0.0.0/8,::1"), (made.Spec.Name, made.Spec.Owner, made.Spec.Acl));

        await using TestAgent again = await _bench.ConnectAsync(remotes: remotes);
        Assert.Equal(made, Assert.Single((await _bench.Client.GetAsync())!.Tunnels));
        await GatewayUnderTest.UntilAsync(async () => Assert.IsType<TunnelList>(await _bench.AskAsync((id, time) => new ListTunnels(id, time))).Tunnels is [{ Open: true }]);

        await using TestAgent without = await _bench.ConnectAsync();
        Assert.Equal("null", _bench.LastReply);
        await GatewayUnderTest.UntilAsync(async () => (await _bench.Client.GetAsync())!.Tunnels.IsEmpty);
    }

    [Theory]
    [InlineData("""[{"rport":"70000"}]""")]
    [InlineData("""[{"rport":"22","protocol":"icmp"}]""")]
    [InlineData("""[{"rport":5}]""")]
    [InlineData("""{"rport":"22"}""")]
    [InlineData("""[null]""")]
    public async Task Remotes_that_are_none_are_refused(string remotes)
    {
        await using TestAgent agent = await TestAgent.LoginAsync(_bench.Gateway);
        Ssh.SshReply reply = await agent.RegisterAsync(new Protocol.ConnectionRequest { Id = "odd", Remotes = System.Text.Json.JsonElement.Parse(remotes) });
        Assert.Equal((false, "invalid remotes"), (reply.Success, System.Text.Encoding.UTF8.GetString(reply.Payload.Span)));
    }

    private static int FreePort()
    {
        for (int port = 28000; ; port++)
        {
            try
            {
                using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's.
            }
        }
    }

    private static async Task<Socket> TakeAsync(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await GatewayUnderTest.UntilAsync(() =>
        {
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                socket.Listen();
                return Task.FromResult(true);
            }
            catch (SocketException)
            {
                return Task.FromResult(false); // the gateway gives it back in a moment
            }
        });
        return socket;
    }
}
