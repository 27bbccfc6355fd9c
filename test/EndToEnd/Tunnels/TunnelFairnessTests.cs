using System.Diagnostics;
using System.Net.Sockets;
using RPort.EndToEnd.Kit;
using Xunit.Abstractions;

namespace RPort.EndToEnd.Tunnels;

/// <summary>What is slow holds up nothing else on the same agent.</summary>
public sealed class TunnelFairnessTests(ITestOutputHelper output)
{
    private const long PushSize = 1L << 30;

    [Fact]
    public async Task A_stuck_reader_and_a_large_push_leave_others_their_pace()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync(Settings.LargeFiles());
        using TcpTarget source = new();
        source.Serve(FloodAsync);
        using TcpTarget echo = new();
        echo.Serve(TcpTarget.EchoAsync);
        TunnelPort stuck = await setting.OpenAsync(source.Port);
        TunnelPort quick = await setting.OpenAsync(echo.Port);
        string file = RandomFile.Create(setting["large.bin"], PushSize);
        using Socket stuckUser = await stuck.DialAsync(); // reads nothing, ever
        using Socket user = await quick.DialAsync();

        double[] idle = await RoundTripsAsync(user, TimeSpan.FromSeconds(2));
        Task<Push> pushing = Push.StartAsync(setting.Gateway, file, Path.Combine(setting.Agent.Received, "large.bin"), ["machine"]);
        List<double> busy = [];
        while (!pushing.IsCompleted)
        {
            busy.AddRange(await RoundTripsAsync(user, TimeSpan.FromMilliseconds(200)));
        }

        Push push = await pushing;
        Task<Dictionary<string, PushedClient>> finished = push.FinishedAsync(TimeSpan.FromMinutes(3));
        while (!finished.IsCompleted)
        {
            busy.AddRange(await RoundTripsAsync(user, TimeSpan.FromMilliseconds(200)));
        }

        Assert.Equal("success", (await finished)["machine"].Status);
        Assert.Equal("connected", (await setting.Gateway.GetDataAsync("clients/machine")).GetProperty("connection_state").GetString());
        Assert.Equal(1, (await stuck.ViewAsync()).GetProperty("connections").GetInt32());
        double p99 = Percentile([.. busy], 0.99);
        output.WriteLine($"p99 {p99:0.0} ms of {busy.Count} round trips; idle {Percentile(idle, 0.99):0.0} ms");
        Assert.True(p99 < 250, $"p99 {p99:0.0} ms of {busy.Count} round trips beside a push and a stuck reader; idle p99 {Percentile(idle, 0.99):0.0} ms");
    }

    private static async Task<double[]> RoundTripsAsync(Socket socket, TimeSpan time)
    {
        List<double> all = [];
        byte[] one = new byte[1];
        for (Stopwatch total = Stopwatch.StartNew(); total.Elapsed < time;)
        {
            long start = Stopwatch.GetTimestamp();
            await socket.SendAsync(one);
            Assert.Equal(1, await socket.ReceiveAsync(one).WaitAsync(TimeSpan.FromSeconds(20)));
            all.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return [.. all];
    }

    private static double Percentile(double[] values, double share) => values.Order().ElementAt((int)(values.Length * share));

    private static async Task FloodAsync(Socket socket)
    {
        byte[] block = new byte[64 * 1024];
        try
        {
            while (true)
            {
                await socket.SendAsync(block);
            }
        }
        catch (SocketException)
        {
            socket.Dispose();
        }
    }
}
