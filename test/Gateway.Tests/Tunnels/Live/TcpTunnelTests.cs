using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using RPort.Gateway.Tests.Agents;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Tests.Tunnels.Live;

public sealed class TcpTunnelTests : IAsyncLifetime
{
    private readonly Socket _target = TunnelBench.Listen();
    private TunnelBench _bench = null!;

    public async Task InitializeAsync() => _bench = await TunnelBench.StartAsync(("Tunnels:MaxConnections", "3"), ("Tunnels:MaxPerClient", "2"), ("Tunnels:PublicHost", "tunnels.example"));

    public async Task DisposeAsync()
    {
        await _bench.DisposeAsync();
        _target.Dispose();
    }

    [Fact]
    public async Task Bytes_and_half_closes_go_both_ways_and_are_counted()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target));
        Assert.InRange(tunnel.Tunnel.Spec.LocalPort, 21000, 29000);
        Assert.True(tunnel.Open);
        Assert.Equal("tunnels.example", tunnel.PublicHost);

        using Socket user = await TunnelBench.DialAsync(tunnel);
        using Socket target = await _target.AcceptAsync().WaitAsync(TestAgent.Patience);
        byte[] sent = RandomNumberGenerator.GetBytes(3_000_000);
        Task sending = SendAllAsync(user, sent);
        Assert.Equal(sent, await ReadAllAsync(target)); // ends, though the other direction is open
        await sending;
        await target.SendAsync("answer"u8.ToArray());
        target.Shutdown(SocketShutdown.Send);
        Assert.Equal("answer", Encoding.ASCII.GetString(await ReadAllAsync(user)));

        await GatewayUnderTest.UntilAsync(async () => (await _bench.ViewAsync(tunnel)).Connections == 0);
        LiveTunnel after = await _bench.ViewAsync(tunnel);
        Assert.Equal((1, sent.Length, 6), (after.TotalConnections, after.BytesIn, after.BytesOut));
        Assert.Equal([$"127.0.0.1:{TunnelBench.PortOf(_target)}"], _bench.Opened);
    }

    [Fact]
    public async Task A_target_that_is_not_reached_resets_the_user_and_is_reported()
    {
        TunnelSpec spec = TunnelBench.To(_target);
        LiveTunnel tunnel = await _bench.OpenAsync(spec);
        _target.Dispose();
        await IsTurnedAwayAsync(tunnel);
        await GatewayUnderTest.UntilAsync(async () => (await _bench.ViewAsync(tunnel)).Error.Contains("refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Strangers_and_those_over_the_bound_are_turned_away()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target) with { Acl = "192.0.2.0/24" });
        await IsTurnedAwayAsync(tunnel);
        Assert.IsType<Done>(await _bench.AskAsync((id, time) => new ChangeTunnelAcl(id, time, tunnel.Tunnel.Id, "127.0.0.0/8")));

        Socket[] users = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => TunnelBench.DialAsync(tunnel)));
        Socket[] targets = [.. await Task.WhenAll(users.Select(_ => _target.AcceptAsync())).WaitAsync(TestAgent.Patience)];
        await IsTurnedAwayAsync(tunnel);
        LiveTunnel view = await _bench.ViewAsync(tunnel);
        Assert.Equal((3, 3, 2), (view.Connections, view.TotalConnections, view.Refused));
        Assert.Equal("127.0.0.0/8", view.Tunnel.Spec.Acl);
        Assert.Equal("127.0.0.0/8", (await _bench.Client.GetAsync())!.Tunnels.Single().Spec.Acl);
        Dispose(users, targets);
    }

    [Fact]
    public async Task A_tighter_list_cuts_those_who_are_inside_and_no_others()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target) with { Acl = "127.0.0.0/8" });
        using Socket user = await TunnelBench.DialAsync(tunnel);
        using Socket target = await _target.AcceptAsync().WaitAsync(TestAgent.Patience);
        Assert.IsType<Done>(await _bench.AskAsync((id, time) => new ChangeTunnelAcl(id, time, tunnel.Tunnel.Id, "127.0.0.1,::1")));
        await user.SendAsync("still here"u8.ToArray());
        byte[] heard = new byte[64];
        Assert.Equal(10, await target.ReceiveAsync(heard).WaitAsync(TestAgent.Patience));

        Assert.IsType<Done>(await _bench.AskAsync((id, time) => new ChangeTunnelAcl(id, time, tunnel.Tunnel.Id, "192.0.2.1")));
        await Assert.ThrowsAsync<SocketException>(() => ReadAllAsync(user));
        await Assert.ThrowsAsync<SocketException>(() => ReadAllAsync(target));
    }

    [Fact]
    public async Task Closing_asks_for_force_while_somebody_is_inside()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(TunnelBench.To(_target));
        using Socket user = await TunnelBench.DialAsync(tunnel);
        using Socket target = await _target.AcceptAsync().WaitAsync(TestAgent.Patience);

        Refused refused = Assert.IsType<Refused>(await _bench.AskAsync((id, time) => new CloseTunnel(id, time, tunnel.Tunnel.Id, Force: false)));
        Assert.Equal((RefusalReason.TunnelInUse, "1"), (refused.Reason, refused.Detail));
        Assert.IsType<Done>(await _bench.AskAsync((id, time) => new CloseTunnel(id, time, tunnel.Tunnel.Id, Force: true)));
        await Assert.ThrowsAsync<SocketException>(() => ReadAllAsync(user));
        await Assert.ThrowsAsync<SocketException>(() => ReadAllAsync(target));
        await Assert.ThrowsAsync<SocketException>(() => TunnelBench.DialAsync(tunnel));
        Assert.Empty((await _bench.Client.GetAsync())!.Tunnels);
        refused = Assert.IsType<Refused>(await _bench.AskAsync((id, time) => new CloseTunnel(id, time, tunnel.Tunnel.Id, Force: true)));
        Assert.Equal(RefusalReason.TunnelNotFound, refused.Reason);
    }

    [Fact]
    public async Task What_is_checked_is_checked_in_order()
    {
        List<string> asked = [];
        string allowed = """{"IsAllowed":false}""";
        string open = """{"Open":false,"ErrMsg":"dial tcp: connection refused"}""";
        _bench.Reply = request =>
        {
            asked.Add(request.Name);
            return SshReply.Ok(Encoding.UTF8.GetBytes(request.Name == RequestNames.CheckPort ? open : allowed));
        };
        TunnelSpec spec = TunnelBench.To(_target) with { LocalPort = 900, LocalPortRandom = false };
        Assert.Equal(RefusalReason.TargetNotAllowed, (await _bench.RefusedAsync(spec)).Reason);
        Assert.Equal([RequestNames.CheckTunnelAllowed], asked);

        allowed = """{"IsAllowed":true}""";
        Refused refused = await _bench.RefusedAsync(spec);
        Assert.Equal((RefusalReason.TargetNotOpen, "dial tcp: connection refused"), (refused.Reason, refused.Detail));
        open = """{"Open":false,"ErrMsg":"i/o timeout","TimedOut":true}""";
        Assert.StartsWith("no answer within 2 s", (await _bench.RefusedAsync(spec)).Detail);

        open = """{"Open":true}""";
        Assert.Equal(RefusalReason.PortNotAllowed, (await _bench.RefusedAsync(spec)).Reason);
        using Socket other = TunnelBench.Listen();
        LiveTunnel tunnel = await _bench.OpenAsync(spec with { LocalPort = 0, LocalPortRandom = true });
        Assert.Equal(RefusalReason.TunnelToTargetExists, (await _bench.RefusedAsync(spec)).Reason);
        Assert.Equal(RefusalReason.TunnelExists, (await _bench.RefusedAsync(spec with { LocalPort = tunnel.Tunnel.Spec.LocalPort, Acl = "::1" })).Reason);
        Assert.Equal(RefusalReason.PortInUse, (await _bench.RefusedAsync(TunnelBench.To(other) with { LocalPort = tunnel.Tunnel.Spec.LocalPort })).Reason);
        Assert.Equal(RefusalReason.AddressUnusable, (await _bench.RefusedAsync(TunnelBench.To(other) with { LocalHost = "192.0.2.1" })).Reason);
        Assert.Equal(RefusalReason.AddressUnusable, (await _bench.RefusedAsync(TunnelBench.To(other) with { LocalHost = "nonsense" })).Reason);
        await _bench.OpenAsync(TunnelBench.To(other));
        Assert.Equal(RefusalReason.TooManyTunnels, (await _bench.RefusedAsync(spec with { Acl = "::2" })).Reason);
    }

    [Fact]
    public async Task An_agent_that_fails_a_check_is_quoted()
    {
        _bench.Reply = static _ => SshReply.Fail("unknown request\u001b[31m");
        Refused refused = await _bench.RefusedAsync(TunnelBench.To(_target));
        Assert.Equal((RefusalReason.AgentFailed, "unknown request [31m"), (refused.Reason, refused.Detail));
        _bench.Reply = static _ => SshReply.Ok("[]"u8.ToArray());
        Assert.Equal(RefusalReason.AgentFailed, (await _bench.RefusedAsync(TunnelBench.To(_target))).Reason);
    }

    // The reset may come before the dial has noticed that it succeeded.
    private static Task IsTurnedAwayAsync(LiveTunnel tunnel) => Assert.ThrowsAsync<SocketException>(async () =>
    {
        using Socket user = await TunnelBench.DialAsync(tunnel);
        await ReadAllAsync(user);
    });

    private static async Task SendAllAsync(Socket socket, byte[] bytes)
    {
        await socket.SendAsync(bytes);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<byte[]> ReadAllAsync(Socket socket)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[64 * 1024];
        while (await socket.ReceiveAsync(buffer).WaitAsync(TestAgent.Patience) is > 0 and int read)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    private static void Dispose(params Socket[][] sockets)
    {
        foreach (Socket socket in sockets.SelectMany(s => s))
        {
            socket.Dispose();
        }
    }
}
