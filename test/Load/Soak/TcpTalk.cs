using System.Net;
using System.Net.Sockets;
using RPort.Load.Figures;
using RPort.Load.Server;

namespace RPort.Load.Soak;

/// <summary>
/// A user of one tunnel to an echo: says something, compares what comes back byte by byte, and comes again when the tunnel is cut. What was under way
/// then may be missing; what came must be right.
/// </summary>
internal sealed class TcpTalk(OpenedTunnel tunnel, Random random, TalkCounts counts, Violations violations)
{
    private const int Longest = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(800);

    private readonly byte[] _answer = new byte[16 * 1024];

    /// <summary>Talks until the token fires.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, tunnel.Port, cancellationToken);
                await using NetworkStream stream = new(socket);
                while (await ExchangeAsync(stream, cancellationToken))
                {
                    await Task.Delay(LongestPause * random.NextDouble(), cancellationToken);
                }
            }
            catch (Exception e) when (e is SocketException or IOException && !cancellationToken.IsCancellationRequested)
            {
                counts.Cut();
                await Task.Delay(LongestPause * random.NextDouble(), cancellationToken);
            }
        }
    }

    private async Task<bool> ExchangeAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        byte[] message = new byte[Length()];
        random.NextBytes(message);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            Task sent = stream.WriteAsync(message, deadline.Token).AsTask();
            bool same = await ReadAsync(stream, message, deadline.Token);
            await sent;
            return same;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            violations.Add($"tunnel {tunnel.Id} of {tunnel.Client}: an echo of {message.Length} bytes was neither answered nor cut within {Patience.TotalSeconds:0} s");
            return false;
        }
    }

    private async Task<bool> ReadAsync(NetworkStream stream, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        for (int at = 0; at < message.Length;)
        {
            int read = await stream.ReadAsync(_answer.AsMemory(0, Math.Min(_answer.Length, message.Length - at)), cancellationToken);
            if (read == 0)
            {
                throw new IOException("the tunnel ended the connection");
            }

            if (!_answer.AsSpan(0, read).SequenceEqual(message.Span.Slice(at, read)))
            {
                violations.Add($"tunnel {tunnel.Id} of {tunnel.Client}: wrong bytes between {at} and {at + read} of an echo of {message.Length}");
                return false;
            }

            at += read;
        }

        counts.Echoed(message.Length);
        return true;
    }

    // Mostly keystrokes and small answers, now and then a page, seldom a file.
    private int Length() => random.Next(100) switch
    {
        < 90 => random.Next(1, 4096),
        < 99 => random.Next(4096, 65_536),
        _ => random.Next(65_536, Longest),
    };
}
