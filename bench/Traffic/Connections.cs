using System.Diagnostics;
using System.Net.Sockets;

namespace RPort.Traffic;

/// <summary>Connections that carry one byte there and back, and end.</summary>
internal static class Connections
{
    public static string Run(int port, int count, int atATime)
    {
        int left = count;
        long start = Stopwatch.GetTimestamp();
        Parallel.Run(atATime, _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                One(port);
            }
        });
        return FormattableString.Invariant($"{count / Stopwatch.GetElapsedTime(start).TotalSeconds:F1}");
    }

    private static void One(int port)
    {
        Span<byte> message = stackalloc byte[Wire.HeaderBytes + 1];
        Wire.WriteHeader(message, Wire.Echo, 0);
        using Socket socket = Wire.Dial(port);
        Wire.SendAll(socket, message);
        Wire.ReceiveAll(socket, message[..1]);
    }
}
