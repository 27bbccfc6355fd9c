using System.Net;
using System.Net.Sockets;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>Sockets bound to a port of the gateway.</summary>
internal static class ListeningSocket
{
    /// <summary>A socket on the port; "every address" means IPv4 and IPv6 where the machine has both.</summary>
    /// <exception cref="SocketException">The port can not be had.</exception>
    public static Socket Bind(IPAddress address, int port, SocketType type, ProtocolType protocol)
    {
        bool every = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        IPAddress bound = every && Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : every ? IPAddress.Any : address;
        Socket socket = new(bound.AddressFamily, type, protocol);
        try
        {
            if (bound.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = every;
            }

            socket.Bind(new IPEndPoint(bound, port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
