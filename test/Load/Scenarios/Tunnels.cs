using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RPort.Load.Agents;
using RPort.Load.Figures;
using RPort.Load.Targets;

namespace RPort.Load.Scenarios;

/// <summary>A tunnel through each of some agents to an echo, and small messages back and forth through all of them at once.</summary>
internal static class Tunnels
{
    public static async Task RunAsync(Bench bench, int tunnels, int bytes, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using Fleet fleet = await bench.StormAsync(cancellationToken);
        await using TcpEcho echo = new();
        Bench.Progress($"opening {tunnels} tunnels");
        List<int> ports = [];
        for (int number = 0; number < tunnels; number++)
        {
            ports.Add((await bench.Api.OpenTunnelAsync(LoadAgent.IdOf(number), echo.Port, "tcp", cancellationToken)).Port);
        }

        Samples samples = new();
        TimeSpan cpu = bench.Server.Cpu;
        await Task.WhenAll(ports.Select(port => TalkAsync(port, bytes, duration, samples, cancellationToken)));
        bench.Report.Add("tunnels", tunnels, "");
        bench.Report.Add("echoes", samples.Count, "");
        bench.Report.Add("rate of echoes", samples.Count / duration.TotalSeconds, "echoes/s");
        bench.Report.AddPercentiles("echo", samples);
        bench.Report.Add("server CPU per echo", (bench.Server.Cpu - cpu).TotalMilliseconds / Math.Max(1, samples.Count), "ms");
        bench.AddFailures(fleet);
    }

    private static async Task TalkAsync(int port, int bytes, TimeSpan duration, Samples samples, CancellationToken cancellationToken)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        await using NetworkStream stream = new(socket);
        byte[] message = new byte[bytes];
        byte[] answer = new byte[bytes];
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < duration;)
        {
            long asked = Stopwatch.GetTimestamp();
            Random.Shared.NextBytes(message);
            await stream.WriteAsync(message, cancellationToken);
            await stream.ReadExactlyAsync(answer, cancellationToken);
            samples.Add(Stopwatch.GetElapsedTime(asked));
            if (!answer.AsSpan().SequenceEqual(message))
            {
                throw new LoadException("the echo is not what was sent");
            }
        }
    }
}
