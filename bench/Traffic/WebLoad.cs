using System.Diagnostics;
using System.Net.Sockets;

namespace RPort.Traffic;

/// <summary>Requests over connections kept alive, each connection's next one as soon as it has its answer. One thread.</summary>
internal static class WebLoad
{
    private const int PatienceMilliseconds = 20_000;

    private static ReadOnlySpan<byte> Request => "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: traffic\r\nAccept: */*\r\n\r\n"u8;

    private static ReadOnlySpan<byte> Success => "HTTP/1.1 200 "u8;

    public static string Run(int port, int connections, TimeSpan duration)
    {
        byte[] block = new byte[Wire.BlockBytes];
        PollSet set = new();
        for (int i = 0; i < connections; i++)
        {
            set.Add(Wire.Dial(port));
        }

        int answerBytes = FirstAnswer(set.Sockets[0], block);
        int[] received = new int[connections];
        long[] sent = new long[connections];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < connections; i++)
        {
            sent[i] = Stopwatch.GetTimestamp();
            Wire.SendAll(set.Sockets[i], Request);
        }

        Latencies latencies = new();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            if (!set.Wait(PatienceMilliseconds))
            {
                throw new InvalidDataException($"No connection had an answer for {PatienceMilliseconds / 1000} s.");
            }

            for (int i = 0; i < connections; i++)
            {
                if (set.IsReady(i) && IsAnswered(set.Sockets[i], block, ref received[i], answerBytes))
                {
                    latencies.AddSince(sent[i]);
                    sent[i] = Stopwatch.GetTimestamp();
                    Wire.SendAll(set.Sockets[i], Request);
                }
            }
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (Socket socket in set.Sockets)
        {
            socket.Dispose();
        }

        (double median, double percentile99, _) = latencies.Read();
        return FormattableString.Invariant($"{latencies.Count / seconds:F1} {median:F1} {percentile99:F1} {latencies.Count}");
    }

    /// <returns>The bytes of an answer: all have the same number.</returns>
    private static int FirstAnswer(Socket socket, byte[] block)
    {
        Wire.SendAll(socket, Request);
        int count = 0;
        do
        {
            int more = socket.Receive(block.AsSpan(count));
            count += more > 0 ? more : throw new InvalidDataException("The server hung up.");
        }
        while (count < Length(block.AsSpan(0, count)));
        return count;
    }

    private static int Length(ReadOnlySpan<byte> answer)
    {
        int end = answer.IndexOf("\r\n\r\n"u8);
        int field = answer.IndexOf("Content-Length: "u8);
        if (end < 0 || field < 0)
        {
            return int.MaxValue;
        }

        ReadOnlySpan<byte> rest = answer[(field + "Content-Length: ".Length)..];
        return end + 4 + int.Parse(rest[..rest.IndexOf((byte)'\r')], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static bool IsAnswered(Socket socket, byte[] block, ref int received, int answerBytes)
    {
        int count = socket.Receive(block);
        if (count == 0 || received + count > answerBytes || received == 0 && !block.AsSpan(0, count).StartsWith(Success[..Math.Min(count, Success.Length)]))
        {
            throw new InvalidDataException("That is not the answer.");
        }

        received += count;
        if (received < answerBytes)
        {
            return false;
        }

        received = 0;
        return true;
    }
}
