using System.Diagnostics;
using System.Net.Sockets;

namespace RPort.Traffic;

/// <summary>One byte there and back over one connection.</summary>
internal static class RoundTrips
{
    public static string Run(int port, int count)
    {
        Latencies latencies = new();
        using Socket socket = Open(port);
        for (int i = 0; i < count; i++)
        {
            One(socket, latencies);
        }

        (double median, double percentile99, _) = latencies.Read();
        return FormattableString.Invariant($"{median:F1} {percentile99:F1}");
    }

    public static string RunPaced(int port, int pauseMilliseconds)
    {
        Latencies latencies = new();
        using CancellationTokenSource ended = new();
        new Thread(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            ended.Cancel();
        })
        { IsBackground = true }.Start();
        using Socket socket = Open(port);
        do
        {
            One(socket, latencies);
        }
        while (!ended.Token.WaitHandle.WaitOne(pauseMilliseconds));

        (double median, double percentile99, double longest) = latencies.Read();
        return FormattableString.Invariant($"{median:F1} {percentile99:F1} {longest:F1} {latencies.Count}");
    }

    private static Socket Open(int port)
    {
        Socket socket = Wire.Dial(port);
        Wire.SendHeader(socket, Wire.Echo, 0);
        return socket;
    }

    private static void One(Socket socket, Latencies latencies)
    {
        Span<byte> one = [(byte)'x'];
        long start = Stopwatch.GetTimestamp();
        Wire.SendAll(socket, one);
        Wire.ReceiveAll(socket, one);
        latencies.AddSince(start);
    }
}
