using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Tunnels;

/// <summary>Who may use a tunnel. Every address 127.x.y.z is one of this machine, so that strangers need no second one.</summary>
public sealed class TunnelAccessTests
{
    private static readonly IPAddress Stranger = IPAddress.Parse("127.0.0.77");
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task By_default_only_its_maker_uses_a_tunnel_whatever_a_header_says()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        target.Serve(TcpTarget.EchoAsync);
        setting.Gateway.Api.DefaultRequestHeaders.Add("X-Forwarded-For", Stranger.ToString());
        TunnelPort tunnel = await setting.OpenAsync(target.Port);
        Assert.Equal("127.0.0.1", (await tunnel.ViewAsync()).GetProperty("acl").GetString());
        Assert.True(await EchoesAsync(tunnel, null));
        Assert.False(await EchoesAsync(tunnel, Stranger));
        Assert.Equal(1, (await tunnel.ViewAsync()).GetProperty("refused").GetInt32());
    }

    [Fact]
    public async Task Behind_a_proxy_that_is_trusted_the_maker_is_the_one_it_names()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync(new JsonObject { ["Api"] = new JsonObject { ["TrustedProxies"] = new JsonArray("127.0.0.1") } });
        using TcpTarget target = new();
        target.Serve(TcpTarget.EchoAsync);
        setting.Gateway.Api.DefaultRequestHeaders.Add("X-Forwarded-For", Stranger.ToString());
        TunnelPort tunnel = await setting.OpenAsync(target.Port);
        Assert.True(await EchoesAsync(tunnel, Stranger));
        Assert.False(await EchoesAsync(tunnel, null));
    }

    [Fact]
    public async Task An_acl_is_changed_while_people_are_inside()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await setting.OpenAsync(target.Port, "check_port=0&acl=0.0.0.0/0,::/0");
        using Socket stranger = await tunnel.DialAsync(Stranger);
        using Socket strangerThere = await target.AcceptAsync();
        using Socket user = await tunnel.DialAsync();
        using Socket userThere = await target.AcceptAsync();

        Assert.Equal(HttpStatusCode.NoContent, await tunnel.ChangeAclAsync("127.0.0.1"));
        await Assert.ThrowsAsync<SocketException>(() => stranger.ReceiveAsync(new byte[1]).WaitAsync(Soon));
        await Assert.ThrowsAsync<SocketException>(() => strangerThere.ReceiveAsync(new byte[1]).WaitAsync(Soon));
        await user.SendAsync(new byte[1]);
        Assert.Equal(1, await userThere.ReceiveAsync(new byte[2]).WaitAsync(Soon));
        target.Serve(TcpTarget.EchoAsync);
        Assert.False(await EchoesAsync(tunnel, Stranger));
        Assert.Equal(HttpStatusCode.BadRequest, await tunnel.ChangeAclAsync("127.0.0.256"));
        Assert.True(await EchoesAsync(tunnel, null));
    }

    [Fact]
    public async Task Tunnels_speak_ipv6_at_every_end()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using Socket listener = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Listen();
        int target = ((IPEndPoint)listener.LocalEndPoint!).Port;
        TunnelPort tunnel = await TunnelPort.OpenAsync(setting.Gateway, "machine", $"[::1]:{target}", "check_port=0&acl=::1,127.0.0.1");
        foreach (IPAddress address in new[] { IPAddress.IPv6Loopback, IPAddress.Loopback })
        {
            using Socket user = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await user.ConnectAsync(address, tunnel.Port).WaitAsync(Soon);
            using Socket there = await listener.AcceptAsync().WaitAsync(Soon);
            await user.SendAsync(new byte[] { 42 });
            byte[] heard = new byte[1];
            Assert.Equal((1, 42), (await there.ReceiveAsync(heard).WaitAsync(Soon), heard[0]));
        }
    }

    [Fact]
    public async Task An_agent_leads_only_where_its_configuration_allows()
    {
        using TcpTarget allowed = new();
        using TcpTarget other = new();
        allowed.Serve(TcpTarget.EchoAsync);
        await using TunnelSetting setting = await TunnelSetting.StartAsync(
            agent: new JsonObject { ["Client"] = new JsonObject { ["TunnelAllowed"] = new JsonArray($"127.0.0.1:{allowed.Port}") } });
        TunnelPort tunnel = await TunnelPort.OpenAsync(setting.Gateway, "machine", $"localhost:{allowed.Port}", "check_port=0");
        using HttpResponseMessage refused = await setting.Gateway.Api.PutAsync($"clients/machine/tunnels?remote=127.0.0.1:{other.Port}", null);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("Tunnel destination is not allowed by client configuration.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        TunnelPort literal = await setting.OpenAsync(allowed.Port);
        Assert.True(await EchoesAsync(literal, null));
        Assert.Equal(HttpStatusCode.NoContent, await tunnel.DeleteAsync(force: true));
    }

    private static async Task<bool> EchoesAsync(TunnelPort tunnel, IPAddress? from)
    {
        try
        {
            using Socket socket = await tunnel.DialAsync(from);
            await socket.SendAsync(new byte[] { 1 });
            return await socket.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(10)) == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
