using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace RPort.Testing;

/// <summary>Passes the bytes of one direction on, as its fault says. A reader fills a queue, a writer sends each part when it is due.</summary>
internal sealed class FaultyDirection(FaultyProxy proxy, FaultyConnection connection, Socket from, Socket to, FaultSwitch faults)
{
    private const int PartBytes = 16 * 1024;

    // As much as a long way holds; beyond it the sender has to wait, as it has to behind a full buffer of a router.
    private readonly Channel<Part> _way = Channel.CreateBounded<Part>(256);
    private long _read;

    /// <summary>Returns after the end of the stream was passed on.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        Task reading = ReadAsync(end);
        Task writing = WriteAsync(end);
        await await Task.WhenAny(reading, writing);
        await Task.WhenAll(reading, writing);
    }

    private async Task ReadAsync(CancellationToken end)
    {
        while (true)
        {
            byte[] bytes = new byte[PartBytes];
            int read = await from.ReceiveAsync(bytes, end);
            _read += read;
            if (_read > faults.Now.HoldAfter)
            {
                proxy.CountHeld();
                await faults.UntilAsync(fault => _read <= fault.HoldAfter, end);
            }

            if (connection.IsLost || faults.Now.Swallow)
            {
                connection.Lose();
                proxy.CountSwallowed(read);
                if (read == 0)
                {
                    await Task.Delay(Timeout.Infinite, end); // the end is swallowed as well
                }

                continue;
            }

            await _way.Writer.WriteAsync(new Part(bytes.AsMemory(0, read), Stopwatch.GetTimestamp()), end);
            if (read == 0)
            {
                _way.Writer.Complete();
                return;
            }
        }
    }

    private async Task WriteAsync(CancellationToken end)
    {
        long free = Stopwatch.GetTimestamp();
        await foreach (Part part in _way.Reader.ReadAllAsync(end))
        {
            LinkFault fault = faults.Now;
            long due = part.At + (long)(fault.Delay.TotalSeconds * Stopwatch.Frequency);
            free = Math.Max(free, Stopwatch.GetTimestamp());
            if (fault.BytesPerSecond > 0)
            {
                free += part.Bytes.Length * Stopwatch.Frequency / fault.BytesPerSecond;
                due = Math.Max(due, free);
            }

            await UntilAsync(due, end);
            if (part.Bytes.IsEmpty)
            {
                to.Shutdown(SocketShutdown.Send);
                return;
            }

            if (!connection.IsLost)
            {
                await SendAsync(part.Bytes, fault.SingleBytes ? 1 : part.Bytes.Length, end);
            }
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, int step, CancellationToken end)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await to.SendAsync(bytes[..Math.Min(step, bytes.Length)], end)..];
        }
    }

    private static async Task UntilAsync(long due, CancellationToken end)
    {
        TimeSpan wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
        if (wait > TimeSpan.FromMilliseconds(1))
        {
            await Task.Delay(wait, end);
        }
    }

    /// <param name="Bytes">Empty for the end of the stream.</param>
    /// <param name="At">When they came.</param>
    private readonly record struct Part(ReadOnlyMemory<byte> Bytes, long At);
}
