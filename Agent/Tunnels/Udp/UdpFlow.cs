using System.Net;
using System.Net.Sockets;
using RPort.Protocol.Udp;

namespace RPort.Agent.Tunnels.Udp;

/// <summary>
/// What stands in for one peer outside: a socket of its own, connected to the target, so that the target's replies find back. Owned by
/// <see cref="UdpFlows"/>, which disposes it.
/// </summary>
internal sealed class UdpFlow : IDisposable
{
    private readonly Socket _socket;

    private UdpFlow(UdpPeer peer, Socket socket)
    {
        Peer = peer;
        _socket = socket;
        Node = new LinkedListNode<UdpFlow>(this);
    }

    public UdpPeer Peer { get; }

    /// <summary>Its place in the order of use.</summary>
    public LinkedListNode<UdpFlow> Node { get; }

    /// <summary>A timestamp of the clock.</summary>
    public long LastUsed { get; set; }

    /// <summary>The task that receives. Never faults.</summary>
    public Task Receiving { get; private set; } = Task.CompletedTask;

    /// <summary>Opens a socket and begins to receive. Null where no address can be used.</summary>
    /// <param name="peer">Whom it stands in for.</param>
    /// <param name="addresses">The target's.</param>
    /// <param name="port">The target's.</param>
    /// <param name="outbox">Where datagrams go.</param>
    /// <param name="used">Told of each datagram that came.</param>
    public static UdpFlow? TryOpen(UdpPeer peer, IPAddress[] addresses, int port, UdpOutbox outbox, Action<UdpFlow> used)
    {
        foreach (IPAddress address in addresses)
        {
            Socket? socket = null;
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
                socket.Connect(new IPEndPoint(address, port)); // sends nothing: it only filters whom we hear
                UdpFlow flow = new(peer, socket);
                flow.Receiving = flow.ReceiveAsync(outbox, used);
                return flow;
            }
            catch (SocketException)
            {
                socket?.Dispose(); // no route to this one: the next may have one
            }
        }

        return null;
    }

    /// <summary>Sends now or not at all.</summary>
    public bool TrySend(ReadOnlySpan<byte> data)
    {
        try
        {
            _socket.Send(data, SocketFlags.None, out SocketError error);
            if (error is SocketError.ConnectionRefused or SocketError.ConnectionReset)
            {
                _socket.Send(data, SocketFlags.None, out error); // that was about an earlier datagram
            }

            return error == SocketError.Success;
        }
        catch (ObjectDisposedException)
        {
            return false; // its place was needed for another peer
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task ReceiveAsync(UdpOutbox outbox, Action<UdpFlow> used)
    {
        byte[] peeked = new byte[1];
        try
        {
            while (true)
            {
                await WaitAsync(peeked).ConfigureAwait(false);
                while (outbox.TryReceive(_socket, Peer))
                {
                    used(this);
                }

                outbox.Release();
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Disposed, or of no more use: then it idles until it is.
            outbox.Release();
        }
    }

    /// <summary>Waits with one byte of memory for a datagram; it is read where there is room for the largest.</summary>
    private async ValueTask WaitAsync(byte[] peeked)
    {
        try
        {
            await _socket.ReceiveAsync(peeked, SocketFlags.Peek).ConfigureAwait(false);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.MessageSize // how Windows says that there is more than was peeked
            or SocketError.ConnectionRefused or SocketError.ConnectionReset or SocketError.HostUnreachable or SocketError.NetworkUnreachable)
        {
            // The last ones tell of an earlier datagram that was not taken. The next one may be.
        }
    }
}
