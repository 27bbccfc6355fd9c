using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using RPort.Agent.Tests.Kit;
using RPort.Agent.Tunnels.Udp;
using RPort.Protocol.Udp;
using RPort.Ssh;
using RPort.Ssh.Forwarding;
using RPort.Testing;

namespace RPort.Agent.Tests.Tunnels;

/// <summary>Datagrams through the agent, against real UDP targets.</summary>
public sealed class UdpTunnelTests
{
    private static readonly UdpPeer Alice = Peer("192.0.2.1", 1001);
    private static readonly UdpPeer Bob = Peer("2001:db8::2", 1002);

    [Fact]
    public async Task Datagrams_of_all_sizes_come_back_under_their_peers()
    {
        using UdpEcho target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        Datagrams datagrams = new(await pair.OpenAsync(target.Address));
        foreach (int size in new[] { 1, 0, 2, 127, 128, 1472, 9000, 40_000, 65_507 })
        {
            byte[] data = new byte[size];
            new Random(size).NextBytes(data);
            await datagrams.ExchangeAsync(Alice, data);
            await datagrams.ExchangeAsync(Bob, data);
        }

        Assert.Equal(2, target.Ports.Count); // a socket of its own for each peer, kept between datagrams
    }

    [Fact]
    public async Task An_existing_gateways_bytes_are_answered_in_kind()
    {
        using UdpEcho target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        pair.Service.Tunnel2 = false;
        SshChannel channel = await pair.OpenAsync(target.Address);
        byte[] sent = Convert.FromHexString(
            "2bff810301010a5544504d65737361676501ff8200010201044164647201ff8400010444617461010a000000"
            + "2eff83030101075544504164647201ff8400010301024950010a000104506f727401040001045a6f6e65010c000000"
            + "1fff820101047f00000101fea40c00010e666972737420646174616772616d00");
        await channel.WriteAsync(sent);
        byte[] read = new byte[sent.Length];
        await channel.AsStream().ReadExactlyAsync(read).AsTask().WaitAsync(TunnelPair.Patience);
        Assert.Equal(sent, read);
    }

    [Fact]
    public async Task Many_small_datagrams_of_many_peers_arrive_in_few_packets()
    {
        using UdpEcho target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        Datagrams datagrams = new(await pair.OpenAsync(target.Address));
        for (int round = 0; round < 20; round++) // each small enough for every kernel buffer
        {
            UdpPeer[] peers = [.. Enumerable.Range(1, 50).Select(port => Peer("192.0.2.9", port))];
            await datagrams.SendAsync([.. peers.Select(peer => (peer, new[] { (byte)peer.Port, (byte)round }))]);
            HashSet<UdpPeer> heard = [];
            while (heard.Count < peers.Length)
            {
                (UdpPeer peer, byte[] data) = await datagrams.NextAsync();
                Assert.Equal([(byte)peer.Port, (byte)round], data);
                Assert.True(heard.Add(peer));
            }
        }

        Assert.Equal(50, target.Ports.Count);
        Assert.Equal((2000, 2000), (pair.Service.Meter.ToSocket, pair.Service.Meter.ToChannel));
    }

    [Fact]
    public async Task A_peer_that_was_silent_for_a_minute_gets_a_new_socket_and_a_busy_one_keeps_its_own()
    {
        using UdpEcho target = new();
        ManualTime time = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync(clock: time);
        Datagrams datagrams = new(await pair.OpenAsync(target.Address));
        await datagrams.ExchangeAsync(Alice);
        await datagrams.ExchangeAsync(Bob);
        Assert.Equal(2, target.Ports.Count);

        time.Advance(UdpTunnel.IdleTime - UdpTunnel.SweepInterval);
        await datagrams.ExchangeAsync(Bob);
        time.Advance(UdpTunnel.SweepInterval + UdpTunnel.SweepInterval);
        await Until.TrueAsync(() => !target.IsPeerOpen(0)); // Alice's
        await datagrams.ExchangeAsync(Bob);
        Assert.Equal(2, target.Ports.Count);
        await datagrams.ExchangeAsync(Alice);
        Assert.Equal(3, target.Ports.Count);
    }

    [Fact]
    public async Task A_port_nobody_listens_on_costs_the_datagram_and_not_the_tunnel()
    {
        int port;
        using (UdpEcho gone = new())
        {
            port = gone.Port;
        }

        await using TunnelPair pair = await TunnelPair.CreateAsync();
        Datagrams datagrams = new(await pair.OpenAsync($"127.0.0.1:{port}/udp"));
        for (int i = 0; i < 3; i++)
        {
            await datagrams.SendAsync(Alice, [1]);
        }

        await Until.TrueAsync(() => pair.Service.Meter.ToSocket > 0);
        using UdpEcho target = new(port);
        await datagrams.ExchangeAsync(Alice);
    }

    [Fact]
    public async Task A_gateway_that_does_not_read_costs_datagrams_and_no_memory()
    {
        const int Size = 10_000;
        using UdpEcho target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        SshChannel channel = await pair.OpenAsync(target.Address);
        Datagrams datagrams = new(channel);
        await datagrams.SendAsync(Alice, [1]);
        await Until.TrueAsync(() => target.Ports.Count == 1);
        using CancellationTokenSource patience = new(TunnelPair.Patience);
        int more = 1000; // after the channel's window of 2 MiB is full; the kernel drops some before
        while (pair.Service.Meter.ToChannel < 2_000_000 || more-- > 0)
        {
            target.Send(0, new byte[Size]);
            await Task.Yield();
            patience.Token.ThrowIfCancellationRequested();
        }

        Assert.InRange(pair.Service.Meter.ToChannel, 0, 2 * 1024 * 1024 + 2 * 512 * 1024);

        // What was kept is whole, and after it new ones come again.
        byte[] last = [9, 9, 9];
        while (true)
        {
            target.Send(0, last);
            (UdpPeer peer, byte[] data) = await datagrams.NextAsync();
            Assert.Equal(Alice, peer);
            if (data.AsSpan().SequenceEqual(last))
            {
                break;
            }

            Assert.InRange(data.Length, 1, Size);
        }

        await channel.CloseAsync();
        await Until.TrueAsync(() => pair.Log.Contains("has ended", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_no_frame_ends_the_tunnel()
    {
        using UdpEcho target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        SshChannel channel = await pair.OpenAsync(target.Address);
        Datagrams datagrams = new(channel);
        await datagrams.ExchangeAsync(Alice);
        await channel.WriteAsync(new byte[100]);
        await channel.Closed.WaitAsync(TunnelPair.Patience);
        await Until.TrueAsync(() => pair.Service.Connections == 0 && !target.IsPeerOpen(0));
        Assert.Contains("is closed: The datagram stream holds", pair.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_end_of_the_channel_closes_every_socket(bool eof)
    {
        using UdpEcho target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        SshChannel channel = await pair.OpenAsync(target.Address);
        Datagrams datagrams = new(channel);
        await datagrams.ExchangeAsync(Alice);
        await datagrams.ExchangeAsync(Bob);
        await (eof ? channel.SendEofAsync() : channel.CloseAsync());
        await Until.TrueAsync(() => pair.Service.Connections == 0);
        Assert.False(target.IsPeerOpen(0) || target.IsPeerOpen(1));
        await channel.Closed.WaitAsync(TunnelPair.Patience);
    }

    [Fact]
    public async Task Over_the_bound_the_peer_that_was_idle_for_the_longest_goes()
    {
        using UdpEcho target = new();
        ManualTime time = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        UdpOutbox outbox = new(await pair.OpenAsync(target.Address), new RelayMeter());
        UdpFlows flows = new((peer, used) => UdpFlow.TryOpen(peer, [IPAddress.Loopback], target.Port, outbox, used), time, bound: 2);
        UdpFlow alice = flows.Get(Alice)!;
        UdpFlow bob = flows.Get(Bob)!;
        Assert.Same(alice, flows.Get(Alice));
        UdpFlow carol = flows.Get(Peer("192.0.2.3", 1003))!;
        Assert.Equal(2, flows.Count);
        Assert.False(bob.TrySend([1]));
        await bob.Receiving.WaitAsync(TunnelPair.Patience);
        Assert.True(alice.TrySend([1]) && carol.TrySend([1]));

        await flows.CloseAsync().WaitAsync(TunnelPair.Patience);
        Assert.Equal(0, flows.Count);
        Assert.True(alice.Receiving.IsCompletedSuccessfully && carol.Receiving.IsCompletedSuccessfully);
    }

    private static UdpPeer Peer(string address, int port) => UdpPeer.From(new IPEndPoint(IPAddress.Parse(address), port));

    /// <summary>The gateway's end of a datagram channel.</summary>
    private sealed class Datagrams(SshChannel channel)
    {
        private readonly UdpFrameWriter _writer = new();
        private readonly UdpFrameReader _reader = new();

        public Task SendAsync(UdpPeer peer, byte[] data) => SendAsync((peer, data));

        public async Task SendAsync(params (UdpPeer Peer, byte[] Data)[] datagrams)
        {
            ArrayBufferWriter<byte> frames = new();
            foreach ((UdpPeer peer, byte[] data) in datagrams)
            {
                _writer.Write(frames, peer, data);
            }

            await channel.WriteAsync(frames.WrittenMemory);
        }

        public async Task<(UdpPeer Peer, byte[] Data)> NextAsync()
        {
            UdpMessage message;
            while (!_reader.TryRead(out message))
            {
                int read = await channel.ReadAsync(_reader.GetMemory()).AsTask().WaitAsync(TunnelPair.Patience);
                Assert.NotEqual(0, read);
                _reader.Advance(read);
            }

            return (message.Peer, message.Data.ToArray());
        }

        public Task ExchangeAsync(UdpPeer peer) => ExchangeAsync(peer, Guid.NewGuid().ToByteArray());

        public async Task ExchangeAsync(UdpPeer peer, byte[] data)
        {
            await SendAsync(peer, data);
            (UdpPeer answered, byte[] answer) = await NextAsync();
            Assert.Equal(peer, answered);
            Assert.Equal(data, answer);
        }
    }

    /// <summary>Sends every datagram back and remembers where it came from.</summary>
    private sealed class UdpEcho : IDisposable
    {
        private readonly UdpClient _socket;
        private readonly ConcurrentQueue<IPEndPoint> _peers = [];

        public UdpEcho(int port = 0)
        {
            _socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
            _ = EchoAsync();
        }

        public int Port => ((IPEndPoint)_socket.Client.LocalEndPoint!).Port;

        public string Address => $"127.0.0.1:{Port}/udp";

        /// <summary>The ports that sent something, in the order of their first datagram.</summary>
        public IReadOnlyList<int> Ports => [.. _peers.Select(peer => peer.Port).Distinct()];

        public void Send(int peer, byte[] data) => _socket.Send(data, _peers.ElementAt(peer));

        /// <summary>Whether somebody still holds the port of a peer.</summary>
        public bool IsPeerOpen(int peer)
        {
            using Socket probe = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ExclusiveAddressUse = true };
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, Ports[peer]));
                return false;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                return true;
            }
        }

        public void Dispose() => _socket.Dispose();

        private async Task EchoAsync()
        {
            while (true)
            {
                try
                {
                    UdpReceiveResult received = await _socket.ReceiveAsync();
                    _peers.Enqueue(received.RemoteEndPoint);
                    await _socket.SendAsync(received.Buffer, received.RemoteEndPoint);
                }
                catch (Exception error) when (error is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
                {
                    return;
                }
                catch (SocketException)
                {
                    // A reply nobody waited for.
                }
            }
        }
    }
}
