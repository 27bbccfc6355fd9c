using System.Net.Sockets;
using RPort.EndToEnd.Kit;
using RPort.Testing;

namespace RPort.EndToEnd.Faults;

/// <summary>A link that is reset in the middle of something.</summary>
public sealed class CutLinkTests
{
    [Fact]
    public async Task A_push_that_was_cut_goes_on_where_it_stopped_as_often_as_it_is_cut()
    {
        const long Size = 12 << 20;
        await using FaultyLink link = await FaultyLink.StartAsync();
        link.Proxy.ToClient.Set(new LinkFault { HoldAfter = 4 << 20 });
        (Push push, string file, string destination) = await link.PushAsync("file.bin", Size);

        for (int cut = 0; cut < 2; cut++)
        {
            await link.Proxy.HeldAsync(1, TimeSpan.FromSeconds(20));
            link.Proxy.Cut();
        }

        await link.Proxy.HeldAsync(1, TimeSpan.FromSeconds(20));
        link.Proxy.Heal();
        await link.ArrivesAsync(push, file, destination, TimeSpan.FromSeconds(20));
        Assert.Equal(2, link.Agent.Process.Output.Split('\n').Count(line => line.Contains($"{push.Id} resumes at ", StringComparison.Ordinal)));
        Assert.Empty(Directory.GetFiles(Path.Combine(link.Agent.DataDir, "filepush"), "*_rport_filepush"));
    }

    [Fact]
    public async Task A_tunnel_connection_that_was_cut_is_reset_on_both_sides_and_the_tunnel_comes_back()
    {
        await using FaultyLink link = await FaultyLink.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await link.OpenAsync(target.Port);
        Task<Socket> accepting = target.AcceptAsync();
        using Socket user = await tunnel.DialAsync();
        using Socket there = await accepting;
        link.Proxy.ToTarget.Set(new LinkFault { HoldAfter = 1 << 20 });
        Task sending = Noise.SendAsync(there, 64 << 20);
        await link.Proxy.HeldAsync(1, TimeSpan.FromSeconds(20));

        link.Proxy.Cut();
        link.Proxy.Heal();

        await IsResetAsync(() => Noise.ReceiveAsync(user, 64 << 20));
        await IsResetAsync(() => sending);
        await link.Gateway.ConnectedAsync(1, TimeSpan.FromSeconds(20));
        await link.TunnelOpensAgainAsync(tunnel, TimeSpan.FromSeconds(10));
        target.Serve(TcpTarget.EchoAsync);
        await FaultyLink.EchoesAsync(tunnel, 100_000, TimeSpan.FromSeconds(10));
    }

    private static async Task IsResetAsync(Func<Task> transfer)
    {
        SocketException end = await Assert.ThrowsAsync<SocketException>(() => transfer().WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(end.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown, end.ToString());
    }
}
