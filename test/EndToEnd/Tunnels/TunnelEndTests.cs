using System.Net;
using System.Net.Sockets;
using System.Text;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Tunnels;

/// <summary>However a connection ends, both sides learn of it within moments, and of nothing else.</summary>
public sealed class TunnelEndTests
{
    // The check would be the first connection the target accepts.
    private const string Unchecked = "check_port=0";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Whoever_closes_first_the_other_side_hears_the_end()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await setting.OpenAsync(target.Port, Unchecked);

        foreach (bool userFirst in new[] { true, false })
        {
            (Socket user, Socket there) = await PairAsync(tunnel, target);
            (Socket first, Socket second) = userFirst ? (user, there) : (there, user);
            await first.SendAsync("last words"u8.ToArray());
            first.Dispose();
            Assert.Equal("last words", await TextAsync(second));
            second.Dispose();
            await tunnel.EmptyAsync(Soon);
        }

        Assert.Equal("", (await tunnel.ViewAsync()).GetProperty("error").GetString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_half_closed_connection_goes_on_in_the_other_direction(bool userFirst)
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await setting.OpenAsync(target.Port, Unchecked);
        (Socket user, Socket there) = await PairAsync(tunnel, target);
        (Socket first, Socket second) = userFirst ? (user, there) : (there, user);
        await first.SendAsync("question"u8.ToArray());
        first.Shutdown(SocketShutdown.Send);
        Assert.Equal("question", await TextAsync(second));

        Task sending = Noise.SendAsync(second, 5_000_000);
        await Noise.ReceiveAsync(first, 5_000_000).WaitAsync(TimeSpan.FromSeconds(30));
        await sending;
        await tunnel.EmptyAsync(Soon);
        user.Dispose();
        there.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reset_arrives_as_a_reset(bool byUser)
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await setting.OpenAsync(target.Port, Unchecked);
        (Socket user, Socket there) = await PairAsync(tunnel, target);
        (Socket first, Socket second) = byUser ? (user, there) : (there, user);
        first.Close(0);
        await IsResetAsync(second);
        await tunnel.EmptyAsync(Soon);
        second.Dispose();
    }

    [Fact]
    public async Task A_target_nobody_listens_on_resets_the_user_and_the_tunnel_says_why()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        TunnelPort tunnel = await setting.OpenAsync(Loopback.FreePort(), Unchecked);
        using Socket user = await tunnel.DialAsync();
        await IsResetAsync(user);
        await Eventually.TrueAsync("the tunnel names the failure", Soon, async () =>
            (await tunnel.ViewAsync()).GetProperty("error").GetString()!.Contains("refused", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_killed_agent_ends_connections_and_comes_back_with_the_tunnel()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await setting.OpenAsync(target.Port, Unchecked);
        (Socket user, Socket there) = await PairAsync(tunnel, target);
        await setting.Agent.KillAsync();
        await IsResetAsync(user);
        await IsOverAsync(there); // the agent's own system closes its sockets

        // The connections end first and the state follows: an "open" of before would be taken for the new one.
        await Eventually.TrueAsync("the tunnel is closed", Soon, async () => (await tunnel.ViewAsync()).GetProperty("state").GetString() != "open");
        setting.Agent.Start();
        await ComesBackAsync(setting, tunnel, target);
    }

    [Fact]
    public async Task A_killed_gateway_ends_connections_and_comes_back_with_the_tunnel()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await setting.OpenAsync(target.Port, Unchecked);
        (Socket user, Socket there) = await PairAsync(tunnel, target);
        await setting.Gateway.KillAsync();
        await IsOverAsync(user);
        await IsResetAsync(there);

        await setting.Gateway.StartAsync();
        await ComesBackAsync(setting, tunnel, target);
        TunnelPort next = await setting.OpenAsync(Loopback.FreePort(), Unchecked);
        Assert.True(int.Parse(next.Id, System.Globalization.CultureInfo.InvariantCulture) > int.Parse(tunnel.Id, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_tunnel_is_deleted_with_force_and_not_without()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        TunnelPort tunnel = await setting.OpenAsync(target.Port, Unchecked);
        (Socket user, Socket there) = await PairAsync(tunnel, target);
        Assert.Equal(HttpStatusCode.Conflict, await tunnel.DeleteAsync(force: false));
        await user.SendAsync("still here"u8.ToArray());
        byte[] heard = new byte[32];
        Assert.Equal(10, await there.ReceiveAsync(heard).WaitAsync(Soon));

        Assert.Equal(HttpStatusCode.NoContent, await tunnel.DeleteAsync(force: true));
        await IsResetAsync(user);
        await IsResetAsync(there);
        await Assert.ThrowsAsync<SocketException>(() => tunnel.DialAsync());
        Assert.Equal(HttpStatusCode.NotFound, await tunnel.DeleteAsync(force: true));
    }

    /// <summary>The agent is connected again, the tunnel open, and a new connection reaches the target.</summary>
    private static async Task ComesBackAsync(TunnelSetting setting, TunnelPort tunnel, TcpTarget target)
    {
        await setting.Gateway.ConnectedAsync(1);
        await Eventually.TrueAsync("the tunnel is open again", TimeSpan.FromSeconds(10), async () => (await tunnel.ViewAsync()).GetProperty("state").GetString() == "open");
        (Socket user, Socket there) = await PairAsync(tunnel, target);
        user.Dispose();
        there.Dispose();
    }

    private static async Task<(Socket User, Socket There)> PairAsync(TunnelPort tunnel, TcpTarget target)
    {
        Task<Socket> accepting = target.AcceptAsync();
        Socket user = await tunnel.DialAsync();
        return (user, await accepting);
    }

    private static async Task IsResetAsync(Socket socket)
    {
        SocketException end = await Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[1]).WaitAsync(Soon));
        Assert.Equal(SocketError.ConnectionReset, end.SocketErrorCode);
    }

    /// <summary>Ended, whether in order or not: what a killed process leaves is its system's choice.</summary>
    private static async Task IsOverAsync(Socket socket)
    {
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).WaitAsync(Soon));
        }
        catch (SocketException e)
        {
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }
    }

    private static async Task<string> TextAsync(Socket socket)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[1024];
        while (await socket.ReceiveAsync(buffer).WaitAsync(Soon) is > 0 and int read)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return text.ToString();
    }
}
