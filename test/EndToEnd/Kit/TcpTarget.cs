using System.Net;
using System.Net.Sockets;

namespace RPort.EndToEnd.Kit;

/// <summary>A listener for a tunnel to lead to.</summary>
internal sealed class TcpTarget : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public TcpTarget()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1024);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public async Task<Socket> AcceptAsync()
    {
        Socket socket = await _listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(20));
        socket.NoDelay = true;
        return socket;
    }

    /// <summary>Serves every connection from here on.</summary>
    public void Serve(Func<Socket, Task> serve) => _ = ServeAsync(serve);

    /// <summary>Sends everything back, and the end of it.</summary>
    public static async Task EchoAsync(Socket socket)
    {
        using (socket)
        {
            byte[] buffer = new byte[64 * 1024];
            try
            {
                while (await socket.ReceiveAsync(buffer) is > 0 and int read)
                {
                    await socket.SendAsync(buffer.AsMemory(0, read));
                }

                socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The tunnel was cut.
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync(Func<Socket, Task> serve)
    {
        while (true)
        {
            try
            {
                _ = serve(await _listener.AcceptAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
