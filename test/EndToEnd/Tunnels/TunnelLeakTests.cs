using System.Net.Sockets;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Tunnels;

public sealed class TunnelLeakTests
{
    private const int Connections = 2000;
    private const int AtATime = 50;
    private const long Allowance = 40L << 20;

    [Fact]
    public async Task Two_thousand_connections_leave_nothing_behind()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        using TcpTarget target = new();
        target.Serve(TcpTarget.EchoAsync);
        TunnelPort tunnel = await setting.OpenAsync(target.Port);
        int[] processes = [setting.Gateway.Process.Id, setting.Agent.Process.Id];
        await UseAsync(tunnel, 400); // code, pools and threads that stay
        await tunnel.EmptyAsync(TimeSpan.FromSeconds(5));
        int[] sockets = [.. processes.Select(Sockets)];
        long[] memory = [.. processes.Select(Resident)];

        await UseAsync(tunnel, Connections);
        await tunnel.EmptyAsync(TimeSpan.FromSeconds(5));
        for (int i = 0; i < processes.Length; i++)
        {
            int process = processes[i];
            int before = sockets[i];
            await Eventually.TrueAsync($"process {process} has closed its sockets: {before} before", TimeSpan.FromSeconds(10), () => Task.FromResult(Sockets(process) <= before + 2), () => $"{Sockets(process)} now");
            long grown = Resident(process) - memory[i];
            Assert.True(grown < Allowance, $"Process {process} has grown by {grown >> 20} MiB over {Connections} connections.");
        }

        Assert.Equal(Connections + 400, (await tunnel.ViewAsync()).GetProperty("connections_total").GetInt32());
    }

    /// <summary>Connections that end in all the ways there are.</summary>
    private static async Task UseAsync(TunnelPort tunnel, int count)
    {
        for (int done = 0; done < count; done += AtATime)
        {
            await Task.WhenAll(Enumerable.Range(0, AtATime).Select(async number =>
            {
                using Socket user = await tunnel.DialAsync();
                byte[] sent = new byte[20_000];
                await user.SendAsync(sent);
                for (int read = 0; read < sent.Length;)
                {
                    int got = await user.ReceiveAsync(sent).WaitAsync(TimeSpan.FromSeconds(30));
                    Assert.True(got > 0);
                    read += got;
                }

                switch (number % 3)
                {
                    case 0:
                        user.Shutdown(SocketShutdown.Send);
                        Assert.Equal(0, await user.ReceiveAsync(sent).WaitAsync(TimeSpan.FromSeconds(30)));
                        break;
                    case 1:
                        user.Close(0);
                        break;
                    default:
                        break; // closes
                }
            }));
        }
    }

    private static int Sockets(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count(link =>
    {
        try
        {
            return new FileInfo(link).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false; // closed meanwhile
        }
    });

    private static long Resident(int process) =>
        long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
