using System.Net;
using System.Net.Sockets;

namespace RPort.EndToEnd.Kit;

/// <summary>Ports for the programs under test.</summary>
internal static class Loopback
{
    private static readonly HashSet<int> Given = [];

    /// <summary>A port nothing listens on now and this method has not given before.</summary>
    public static int FreePort()
    {
        lock (Given)
        {
            while (true)
            {
                using TcpListener probe = new(IPAddress.Loopback, 0);
                probe.Start();
                int port = ((IPEndPoint)probe.LocalEndpoint).Port;
                if (Given.Add(port))
                {
                    return port;
                }
            }
        }
    }

    /// <summary>Waits until a program accepts connections.</summary>
    public static Task ListensAsync(int port, string what, TimeSpan limit, ChildProcess process) => Eventually.TrueAsync($"{what} listens", limit, async () =>
    {
        Assert.False(process.HasExited, process.Tail());
        try
        {
            using TcpClient probe = new();
            await probe.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }, () => process.Tail());
}
