using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using RPort.Load.Figures;
using RPort.Load.Server;

namespace RPort.Load.Soak;

/// <summary>A user of one UDP tunnel to an echo. Datagrams may be lost or late, but not changed, cut or made up.</summary>
internal sealed class UdpTalk(OpenedTunnel tunnel, Random random, TalkCounts counts, Violations violations)
{
    private const int NumberBytes = 8;
    private const int Longest = 1400;
    private const int Remembered = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(800);

    private readonly Dictionary<long, byte[]> _sent = [];
    private readonly byte[] _answer = new byte[65_536];
    private long _number;

    /// <summary>Talks until the token fires.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(IPAddress.Loopback, tunnel.Port, cancellationToken);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ExchangeAsync(socket, cancellationToken);
            }
            catch (SocketException)
            {
                counts.Cut(); // nobody listens on the port at the moment
            }

            await Task.Delay(LongestPause * random.NextDouble(), cancellationToken);
        }
    }

    private async Task ExchangeAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] datagram = new byte[random.Next(NumberBytes, Longest)];
        random.NextBytes(datagram);
        BinaryPrimitives.WriteInt64LittleEndian(datagram, ++_number);
        _sent[_number] = datagram;
        _sent.Remove(_number - Remembered);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        await socket.SendAsync(datagram, cancellationToken);
        try
        {
            while (Take(_answer.AsSpan(0, await socket.ReceiveAsync(_answer, deadline.Token))) != _number)
            {
                // A late one: ours is still to come.
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            counts.LoseOne();
        }
    }

    private long Take(ReadOnlySpan<byte> answer)
    {
        long number = answer.Length >= NumberBytes ? BinaryPrimitives.ReadInt64LittleEndian(answer) : -1;
        if (_sent.TryGetValue(number, out byte[]? sent) && answer.SequenceEqual(sent))
        {
            counts.Echoed(answer.Length);
            return number;
        }

        violations.Add($"tunnel {tunnel.Id} of {tunnel.Client}: a datagram of {answer.Length} bytes came back that is none of those that were sent");
        return number;
    }
}
