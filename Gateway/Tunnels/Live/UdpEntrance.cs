using System.Net;
using System.Net.Sockets;
using RPort.Protocol.Udp;
using RPort.Ssh;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>A tunnel's UDP port: all datagrams share one channel, which is opened anew when it breaks.</summary>
internal sealed class UdpEntrance : ITunnelEntrance
{
    // Half a second of a fast line: enough for bursts, and what is older is of no use to anybody.
    private const int MaxWaitingBytes = 4 * 1024 * 1024;
    private const int SocketBufferBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan ExpiryCheck = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly Socket _socket;
    private readonly TunnelEnvironment _environment;
    private readonly TunnelGate _gate;
    private readonly UdpPeers _peers;
    private readonly CancellationTokenSource _closing = new();
    private Task _running = Task.CompletedTask;

    private UdpEntrance(Socket socket, TunnelEnvironment environment, TunnelGate gate)
    {
        _socket = socket;
        _environment = environment;
        _gate = gate;
        _peers = new UdpPeers(gate, environment.Options.UdpPeerTimeout, environment.Clock);
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Takes the port.</summary>
    /// <exception cref="SocketException">It can not be had.</exception>
    public static UdpEntrance Open(IPAddress address, int port, TunnelEnvironment environment, TunnelGate gate)
    {
        Socket socket = ListeningSocket.Bind(address, port, SocketType.Dgram, ProtocolType.Udp);
        socket.ReceiveBufferSize = SocketBufferBytes; // as much of it as the system grants
        socket.SendBufferSize = SocketBufferBytes;
        return new UdpEntrance(socket, environment, gate);
    }

    public void Start(TunnelTarget target) => _running = Task.Run(() => Task.WhenAll(RelayAsync(target), ExpireAsync()));

    public void Abandon() => _socket.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _running;
        _socket.Dispose();
        _peers.Clear();
        _closing.Dispose();
    }

    /// <summary>One channel after the other, for as long as the tunnel is open.</summary>
    private async Task RelayAsync(TunnelTarget target)
    {
        TimeSpan pause = FirstPause;
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await using SshChannel channel = await target.OpenDatagramsAsync(_closing.Token);
                channel.InlineContinuations = true; // the socket does not block, and nothing else is done here
                _gate.LastFailure = "";
                pause = FirstPause;
                await RelayAsync(channel);
            }
            catch (Exception e) when (e is SshException or OperationCanceledException or InvalidDataException or EndOfStreamException)
            {
                if (_closing.IsCancellationRequested || e is SshConnectionClosedException)
                {
                    return; // the session is over; the next one opens the tunnel anew
                }

                _gate.LastFailure = e.Message;
                TunnelLog.DatagramChannelLost(_environment.Logger, Port, e.Message);
            }

            await Task.Delay(pause, _environment.Clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task RelayAsync(SshChannel channel)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        UdpFrameQueue queue = new(MaxWaitingBytes);
        Task[] loops = [ReceiveAsync(queue, either.Token), ToChannelAsync(queue, channel, either.Token), FromChannelAsync(channel, either.Token)];
        Task first = await Task.WhenAny(loops);
        await either.CancelAsync();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // what the first one met is what counts
        await first;
    }

    private async Task ReceiveAsync(UdpFrameQueue queue, CancellationToken cancellationToken)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(ushort.MaxValue);
        SocketAddress sender = new(_socket.AddressFamily);
        IPEndPoint family = new(_socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        while (true)
        {
            if (_socket.Available == 0)
            {
                queue.Release(); // all that came at once, in one write
            }

            int length;
            try
            {
                length = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, sender, cancellationToken);
            }
            catch (SocketException)
            {
                continue; // an answer could not be delivered to somebody: the system says it here
            }

            if (_peers.Admit(sender, family) is not { } peer)
            {
                continue;
            }

            if (queue.TryAdd(peer, buffer.AsSpan(0, length), hold: true))
            {
                _gate.Meter.AddToChannel(length);
            }
            else
            {
                _gate.Drop();
            }
        }
    }

    private static async Task ToChannelAsync(UdpFrameQueue queue, SshChannel channel, CancellationToken cancellationToken)
    {
        while (true)
        {
            await channel.WriteAsync(await queue.TakeAsync(cancellationToken), cancellationToken);
        }
    }

    private async Task FromChannelAsync(SshChannel channel, CancellationToken cancellationToken)
    {
        UdpFrameReader reader = new();
        while (await channel.ReadAsync(reader.GetMemory(), cancellationToken) is > 0 and int read)
        {
            reader.Advance(read);
            while (reader.TryRead(out UdpMessage message))
            {
                // Only to those who asked: an agent can not make the gateway send anything to anybody else.
                if (_peers.AddressOf(message.Peer) is { } address)
                {
                    await SendAsync(message.Data, address, cancellationToken);
                }
            }
        }

        throw new EndOfStreamException("the client closed the datagram channel");
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> data, SocketAddress address, CancellationToken cancellationToken)
    {
        try
        {
            await _socket.SendToAsync(data, SocketFlags.None, address, cancellationToken);
            _gate.Meter.AddToSocket(data.Length);
        }
        catch (SocketException)
        {
            _gate.Drop(); // unreachable, or too long for the way there
        }
    }

    private async Task ExpireAsync()
    {
        using PeriodicTimer timer = new(ExpiryCheck, _environment.Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                _peers.Expire();
            }
        }
        catch (OperationCanceledException)
        {
            // The tunnel is closed.
        }
    }
}
