using System.Diagnostics;
using System.Net.Sockets;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Faults;

/// <summary>A link on which all is swallowed and nobody says so: both sides have to find out by themselves.</summary>
public sealed class BlackHoleTests
{
    /// <summary>What the defaults promise, and some seconds for the machine: 15 s of silence and 13 s for an answer.</summary>
    private static readonly TimeSpan ByDefault = TimeSpan.FromSeconds(36);

    private static readonly TimeSpan ByShortOptions = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Both_sides_notice_connections_end_and_a_push_waits_for_the_link()
    {
        await using FaultyLink link = await FaultyLink.WatchfulAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await link.OpenAsync(target.Port);
        Task<Socket> accepting = target.AcceptAsync();
        using Socket user = await tunnel.DialAsync();
        using Socket there = await accepting;
        link.Proxy.ToClient.Set(new() { HoldAfter = 2 << 20 });
        (Push push, string file, string destination) = await link.PushAsync("file.bin", 8 << 20);
        await link.Proxy.HeldAsync(1, TimeSpan.FromSeconds(20));

        link.Proxy.BlackHole();

        await link.Gateway.DisconnectedAsync(FaultyLink.Client, ByShortOptions);
        await EndsAsync(user);
        await EndsAsync(there);
        (Push offline, string small, string smallDestination) = await link.PushAsync("small.bin", 1000, ("expires", "10m"));
        Assert.Equal("pending", Push.Clients(await push.GetAsync())[FaultyLink.Client].Status);

        link.Proxy.Heal();

        // The agent's next attempt may be lost in the hole already: the dial has to give up first.
        await link.Gateway.ConnectedAsync(1, TimeSpan.FromSeconds(60));
        await link.ArrivesAsync(push, file, destination, TimeSpan.FromSeconds(20));
        await link.ArrivesAsync(offline, small, smallDestination, TimeSpan.FromSeconds(20));
        await link.TunnelOpensAgainAsync(tunnel, TimeSpan.FromSeconds(10));
        target.Serve(TcpTarget.EchoAsync);
        await FaultyLink.EchoesAsync(tunnel, 100_000, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task By_default_a_dead_link_is_noticed_on_both_sides_within_some_thirty_seconds()
    {
        await using FaultyLink link = await FaultyLink.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await link.OpenAsync(target.Port);
        Task<Socket> accepting = target.AcceptAsync();
        using Socket user = await tunnel.DialAsync();
        using Socket there = await accepting;

        link.Proxy.BlackHole();
        long since = Stopwatch.GetTimestamp();
        await Task.WhenAll(
            link.Gateway.DisconnectedAsync(FaultyLink.Client, ByDefault),
            EndsAsync(user, ByDefault),
            EndsAsync(there, TimeSpan.FromSeconds(43)), // the agent asks every 20 s and waits 15 s
            link.Agent.Process.LineAsync(line => line.Contains("connection to", StringComparison.OrdinalIgnoreCase) && line.Contains("ended", StringComparison.OrdinalIgnoreCase), TimeSpan.FromSeconds(43)));
        Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(45));
    }

    private static async Task EndsAsync(Socket socket, TimeSpan? limit = null)
    {
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).WaitAsync(limit ?? TimeSpan.FromSeconds(10)));
        }
        catch (SocketException e)
        {
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }
    }
}
