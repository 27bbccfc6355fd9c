using System.Net.Sockets;
using System.Text;

namespace RPort.Traffic;

/// <summary>A web server that reads nothing of a request but its end. One thread.</summary>
internal static class WebTarget
{
    private const int BodyBytes = 1024;

    private static ReadOnlySpan<byte> HeaderEnd => "\r\n\r\n"u8;

    public static string Serve(int port)
    {
        byte[] answer = Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {BodyBytes}\r\n\r\n{new string('x', BodyBytes)}");
        byte[] block = new byte[Wire.BlockBytes];
        Dictionary<Socket, int> matched = []; // of the four bytes that end a request
        PollSet set = new();
        set.Add(Wire.Listen(port));
        while (true)
        {
            set.Wait(-1);
            for (int i = set.Sockets.Count - 1; i > 0; i--)
            {
                if (set.IsReady(i) && !Answer(set.Sockets[i], block, answer, matched))
                {
                    matched.Remove(set.Sockets[i]);
                    set.Sockets[i].Dispose();
                    set.RemoveAt(i);
                }
            }

            if (set.IsReady(0))
            {
                Socket socket = set.Sockets[0].Accept();
                socket.NoDelay = true;
                matched[socket] = 0;
                set.Add(socket);
            }
        }
    }

    private static bool Answer(Socket socket, byte[] block, byte[] answer, Dictionary<Socket, int> matched)
    {
        try
        {
            int count = socket.Receive(block);
            int seen = matched[socket];
            foreach (byte value in block.AsSpan(0, count))
            {
                seen = value == HeaderEnd[seen] ? seen + 1 : value == HeaderEnd[0] ? 1 : 0;
                if (seen == HeaderEnd.Length)
                {
                    Wire.SendAll(socket, answer);
                    seen = 0;
                }
            }

            matched[socket] = seen;
            return count > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
