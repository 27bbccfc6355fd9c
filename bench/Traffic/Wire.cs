using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace RPort.Traffic;

/// <summary>
/// What a client of <see cref="EchoTarget"/> says first: one byte of what it wants, eight of how many bytes. Sockets block: a system call each and nothing beside it.
/// </summary>
internal static class Wire
{
    public const byte Down = (byte)'D';
    public const byte Up = (byte)'U';
    public const byte Echo = (byte)'E';
    public const int HeaderBytes = 9;
    public const int BlockBytes = 256 * 1024;

    private const int PatienceMilliseconds = 60_000;

    public static Socket Listen(int port)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(1024);
        return listener;
    }

    public static Socket Dial(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = PatienceMilliseconds };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    public static void WriteHeader(Span<byte> to, byte mode, long size)
    {
        to[0] = mode;
        BinaryPrimitives.WriteInt64BigEndian(to[1..], size);
    }

    public static void SendHeader(Socket socket, byte mode, long size)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        WriteHeader(header, mode, size);
        SendAll(socket, header);
    }

    /// <returns>Whether the peer sent a header at all.</returns>
    public static bool TryReceiveHeader(Socket socket, out byte mode, out long size)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        bool whole = TryReceiveAll(socket, header);
        mode = header[0];
        size = BinaryPrimitives.ReadInt64BigEndian(header[1..]);
        return whole;
    }

    public static void SendAll(Socket socket, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            data = data[socket.Send(data)..];
        }
    }

    public static void ReceiveAll(Socket socket, Span<byte> data)
    {
        if (!TryReceiveAll(socket, data))
        {
            throw new InvalidDataException("The connection ended early.");
        }
    }

    private static bool TryReceiveAll(Socket socket, Span<byte> data)
    {
        while (!data.IsEmpty)
        {
            int count = socket.Receive(data);
            if (count == 0)
            {
                return false;
            }

            data = data[count..];
        }

        return true;
    }
}
