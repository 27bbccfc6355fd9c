using System.Net.Sockets;

namespace RPort.Traffic;

/// <summary>Sends, swallows or echoes, as each connection asks. Its threads wait for connections and serve them one after the other.</summary>
internal static class EchoTarget
{
    private const int Threads = 64;

    public static string Serve(int port)
    {
        using Socket listener = Wire.Listen(port);
        for (int i = 1; i < Threads; i++)
        {
            new Thread(() => Accept(listener)) { IsBackground = true }.Start();
        }

        Accept(listener);
        return "";
    }

    private static void Accept(Socket listener)
    {
        byte[] block = new byte[Wire.BlockBytes];
        while (true)
        {
            try
            {
                using Socket socket = listener.Accept();
                Attend(socket, block);
            }
            catch (SocketException)
            {
                // The client has what it wanted.
            }
        }
    }

    private static void Attend(Socket socket, byte[] block)
    {
        socket.NoDelay = true;
        if (!Wire.TryReceiveHeader(socket, out byte mode, out long size))
        {
            return;
        }

        if (mode == Wire.Down)
        {
            for (long left = size; left > 0; left -= block.Length)
            {
                Wire.SendAll(socket, block.AsSpan(0, (int)Math.Min(left, block.Length)));
            }

            socket.Receive(block); // who closes first keeps the port: the client
            return;
        }

        for (long received = 0; socket.Receive(block) is > 0 and var count;)
        {
            received += count;
            if (mode == Wire.Echo)
            {
                Wire.SendAll(socket, block.AsSpan(0, count));
            }
            else if (received == size)
            {
                Wire.SendAll(socket, "k"u8);
            }
        }
    }
}
