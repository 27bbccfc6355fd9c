using System.Diagnostics;
using System.Net.Sockets;

namespace RPort.Traffic;

/// <summary>Much data one way, in several connections at once.</summary>
internal static class Bulk
{
    public static string Run(int port, bool up, int streams, long bytes)
    {
        long start = Stopwatch.GetTimestamp();
        Parallel.Run(streams, _ => Stream(port, up, bytes / streams));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return FormattableString.Invariant($"{bytes / 1e6 / seconds:F1}");
    }

    private static void Stream(int port, bool up, long size)
    {
        byte[] block = new byte[Wire.BlockBytes];
        using Socket socket = Wire.Dial(port);
        Wire.SendHeader(socket, up ? Wire.Up : Wire.Down, size);
        if (!up)
        {
            for (long left = size; left > 0;)
            {
                int count = socket.Receive(block);
                left -= count > 0 ? count : throw new InvalidDataException($"The stream ended {left} bytes early.");
            }

            return;
        }

        for (long left = size; left > 0; left -= block.Length)
        {
            Wire.SendAll(socket, block.AsSpan(0, (int)Math.Min(left, block.Length)));
        }

        Wire.ReceiveAll(socket, block.AsSpan(0, 1)); // all of it has arrived
    }
}
