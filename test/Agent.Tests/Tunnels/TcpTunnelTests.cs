using System.Net;
using System.Net.Sockets;
using System.Text;
using RPort.Agent.Tests.Kit;
using RPort.Agent.Tunnels;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Testing;

namespace RPort.Agent.Tests.Tunnels;

/// <summary>Connections the gateway opens through the agent, against real targets.</summary>
public sealed class TcpTunnelTests
{
    [Fact]
    public async Task Bytes_go_to_the_target_and_back()
    {
        await using EchoTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        SshChannel channel = await pair.OpenAsync(target.Address);
        byte[] data = new byte[3_000_000];
        new Random(1).NextBytes(data);
        Task<byte[]> echoed = ToEndAsync(channel);
        await channel.WriteAsync(data);
        await channel.SendEofAsync();
        Assert.Equal(data, await echoed.WaitAsync(TunnelPair.Patience));
        await channel.Closed.WaitAsync(TunnelPair.Patience);
        await Until.TrueAsync(() => pair.Service.Connections == 0);
        Assert.Equal((data.Length, data.Length), (pair.Service.Meter.ToSocket, pair.Service.Meter.ToChannel));
    }

    [Fact]
    public async Task A_target_that_answers_only_after_the_end_is_heard()
    {
        await using CountingTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        SshChannel channel = await pair.OpenAsync(target.Address);
        await channel.WriteAsync(new byte[1234]);
        await channel.SendEofAsync();
        Assert.Equal("1234 bytes", Encoding.ASCII.GetString(await ToEndAsync(channel).WaitAsync(TunnelPair.Patience)));
        Assert.True(channel.PeerSentEof);
    }

    [Fact]
    public async Task A_refused_connection_is_a_failed_open_with_the_reason()
    {
        await using TunnelPair pair = await TunnelPair.CreateAsync(maxConnections: 1);
        for (int i = 0; i < 3; i++) // a failure gives its place back
        {
            SshChannelOpenException refusal = await Assert.ThrowsAsync<SshChannelOpenException>(() => pair.OpenAsync("127.0.0.1:1"));
            Assert.Equal(SshChannelOpenFailure.ConnectFailed, refusal.Reason);
            Assert.EndsWith("dial tcp 127.0.0.1:1: connect: connection refused", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, pair.Service.Connections);
        Assert.Contains("connection refused", pair.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_existing_gateway_sees_a_channel_that_opens_and_closes()
    {
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        pair.Service.Tunnel2 = false;
        SshChannel channel = await pair.OpenAsync("127.0.0.1:1");
        Assert.Empty(await ToEndAsync(channel).WaitAsync(TunnelPair.Patience));
        await channel.Closed.WaitAsync(TunnelPair.Patience);

        await using WaitingTarget target = new();
        channel = await pair.OpenAsync(target.Address);
        await channel.CloseAsync(); // how such a gateway says that it has come to the end
        Assert.Equal("end", await target.End);
    }

    [Fact]
    public async Task A_reset_reaches_the_target()
    {
        await using WaitingTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        SshChannel channel = await pair.OpenAsync(target.Address);
        await channel.CloseAsync();
        Assert.Equal("reset", await target.End);
    }

    [Theory]
    [InlineData("no target")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("")]
    public async Task What_is_no_target_is_refused(string target)
    {
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        await Assert.ThrowsAsync<SshChannelOpenException>(() => pair.OpenAsync(target));
    }

    [Theory]
    [InlineData("127.0.0.1", "192.0.2.1")]
    [InlineData("127.0.0.1", "::ffff:192.0.2.1")]
    public async Task A_name_is_denied_when_any_of_its_addresses_is(params string[] addresses)
    {
        await using EchoTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync(
            ["127.0.0.0/8"], resolve: (_, _) => Task.FromResult(addresses.Select(IPAddress.Parse).ToArray()));
        foreach (string suffix in new[] { "", "/udp" })
        {
            SshChannelOpenException refusal = await Assert.ThrowsAsync<SshChannelOpenException>(() => pair.OpenAsync($"name.example:{target.Port}{suffix}"));
            Assert.Equal(SshChannelOpenFailure.AdministrativelyProhibited, refusal.Reason);
            Assert.EndsWith(RequestNames.TunnelNotAllowed, refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, target.Accepted);
        Assert.Equal(0, pair.Service.Connections);
    }

    [Fact]
    public async Task The_addresses_that_were_checked_are_the_ones_that_are_dialled()
    {
        await using EchoTarget target = new();
        int asked = 0;
        await using TunnelPair pair = await TunnelPair.CreateAsync(
            ["127.0.0.0/30", $":{target.Port}"],
            resolve: (_, _) => Task.FromResult<IPAddress[]>(asked++ == 0 ? [IPAddress.Parse("127.0.0.2"), IPAddress.Parse("::ffff:127.0.0.1")] : [IPAddress.Parse("192.0.2.1")]));
        SshChannel channel = await pair.OpenAsync($"name.example:{target.Port}"); // the first address refuses, the second one takes it
        await channel.WriteAsync("x"u8.ToArray());
        Assert.Equal(1, await channel.ReadAsync(new byte[10]).AsTask().WaitAsync(TunnelPair.Patience));
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task An_address_in_IPv6_form_does_not_evade_the_list()
    {
        await using EchoTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync(["::/0", "192.0.2.0/24"]);
        await Assert.ThrowsAsync<SshChannelOpenException>(() => pair.OpenAsync($"[::ffff:127.0.0.1]:{target.Port}"));
        Assert.Equal(0, target.Accepted);
    }

    [Fact]
    public async Task An_unknown_name_is_told()
    {
        await using TunnelPair pair = await TunnelPair.CreateAsync(resolve: static (_, _) => throw new SocketException((int)SocketError.HostNotFound));
        SshChannelOpenException refusal = await Assert.ThrowsAsync<SshChannelOpenException>(() => pair.OpenAsync("nowhere.example:80"));
        Assert.EndsWith("dial tcp: lookup nowhere.example: no such host", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_hundred_connections_go_beside_each_other()
    {
        await using EchoTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async index =>
        {
            SshChannel channel = await pair.OpenAsync(target.Address);
            byte[] data = new byte[20_000];
            new Random(index).NextBytes(data);
            Task<byte[]> echoed = ToEndAsync(channel);
            await channel.WriteAsync(data);
            await channel.SendEofAsync();
            Assert.Equal(data, await echoed.WaitAsync(TunnelPair.Patience));
        }));
        await Until.TrueAsync(() => pair.Service.Connections == 0);
    }

    [Fact]
    public async Task Over_the_bound_the_next_one_is_refused_until_one_ends()
    {
        await using EchoTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync(maxConnections: 2);
        SshChannel first = await pair.OpenAsync(target.Address);
        await pair.OpenAsync(target.Address);
        SshChannelOpenException refusal = await Assert.ThrowsAsync<SshChannelOpenException>(() => pair.OpenAsync(target.Address));
        Assert.Equal(SshChannelOpenFailure.ResourceShortage, refusal.Reason);
        Assert.Equal(2, pair.Service.Connections);

        await first.CloseAsync();
        await Until.TrueAsync(() => pair.Service.Connections == 1);
        await pair.OpenAsync(target.Address);
    }

    [Fact]
    public async Task A_target_that_swallows_the_attempt_holds_up_nothing_and_is_given_up_after_ten_seconds()
    {
        using SwallowingTarget silent = await SwallowingTarget.CreateAsync();
        await using EchoTarget target = new();
        ManualTime time = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync(clock: time);
        Task<SshChannel> open = pair.OpenAsync($"127.0.0.1:{silent.Port}");
        await time.ArmedAsync(1);
        await pair.OpenAsync(target.Address);
        Assert.True((await pair.AskAsync(RequestNames.Ping, "")).Success);
        Assert.False(open.IsCompleted);

        time.Advance(TunnelService.DialTimeout);
        SshChannelOpenException refusal = await Assert.ThrowsAsync<SshChannelOpenException>(() => open);
        Assert.EndsWith($"dial tcp 127.0.0.1:{silent.Port}: i/o timeout", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_connection_ends_with_the_session()
    {
        using SwallowingTarget silent = await SwallowingTarget.CreateAsync();
        await using WaitingTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        await pair.OpenAsync(target.Address);
        await pair.OpenAsync($"{target.Address}/udp");
        Task<SshChannel> dialling = pair.OpenAsync($"127.0.0.1:{silent.Port}");
        await Until.TrueAsync(() => pair.Service.Connections == 3);
        await pair.Gateway.CloseAsync(SshDisconnectReason.ByApplication, "enough");
        Assert.Equal("reset", await target.End);
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => dialling);
        await Until.TrueAsync(() => pair.Service.Connections == 0);
    }

    private static async Task<byte[]> ToEndAsync(SshChannel channel)
    {
        using MemoryStream all = new();
        await using Stream stream = channel.AsStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }
}
