using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RPort.Traffic;

/// <summary>Datagrams there and back. Each carries its number, so that a late one is not taken for another.</summary>
internal static class Datagrams
{
    private const int BufferBytes = 8 << 20; // what the tunnel loses is to be seen, not what this program is too slow for
    private const int PatienceMilliseconds = 200;
    private const int LargestBytes = 65_507;

    public static string Serve(int port)
    {
        using Socket socket = Open();
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        byte[] block = new byte[LargestBytes];
        SocketAddress peer = new(AddressFamily.InterNetwork);
        while (true)
        {
            int count = socket.ReceiveFrom(block, SocketFlags.None, peer);
            socket.SendTo(block.AsSpan(0, count), SocketFlags.None, peer);
        }
    }

    public static string RoundTrips(int port, int count, int bytes)
    {
        byte[] datagram = new byte[Checked(bytes)];
        byte[] answer = new byte[LargestBytes];
        Latencies latencies = new();
        using Socket socket = Connect(port);
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(datagram, i);
            long start = Stopwatch.GetTimestamp();
            socket.Send(datagram);
            int length;
            do
            {
                length = TryReceive(socket, answer);
            }
            while (length > 0 && BinaryPrimitives.ReadInt32BigEndian(answer) != i);

            if (length == bytes)
            {
                latencies.AddSince(start);
            }
        }

        (double median, double percentile99, _) = latencies.Read();
        return FormattableString.Invariant($"{median:F1} {percentile99:F1} {count - latencies.Count}");
    }

    public static string Flood(int port, TimeSpan duration, int bytes, int atATime)
    {
        byte[] datagram = new byte[Checked(bytes)];
        byte[] answer = new byte[LargestBytes];
        int sent = 0;
        int underWay = 0;
        int echoed = 0;
        using Socket socket = Connect(port);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            for (; underWay < atATime; underWay++)
            {
                BinaryPrimitives.WriteInt32BigEndian(datagram, sent++);
                socket.Send(datagram);
            }

            if (TryReceive(socket, answer) == bytes)
            {
                echoed++;
                underWay = Math.Max(0, underWay - 1);
            }
            else
            {
                underWay = 0; // lost
            }
        }

        return FormattableString.Invariant($"{echoed / Stopwatch.GetElapsedTime(start).TotalSeconds:F1} {echoed} {Math.Max(0, sent - echoed - underWay)}");
    }

    private static int Checked(int bytes) => bytes is >= 4 and <= LargestBytes ? bytes : throw new ArgumentException($"BYTES must be from 4 to {LargestBytes}.");

    private static Socket Open() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = BufferBytes };

    private static Socket Connect(int port)
    {
        Socket socket = Open();
        socket.ReceiveTimeout = PatienceMilliseconds;
        socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    /// <returns>The length; 0 when nothing came.</returns>
    private static int TryReceive(Socket socket, byte[] answer)
    {
        try
        {
            return socket.Receive(answer);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return 0;
        }
    }
}
