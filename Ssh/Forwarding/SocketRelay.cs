using System.Buffers;
using System.Net.Sockets;

namespace RPort.Ssh.Forwarding;

/// <summary>
/// Joins a TCP connection and a channel (RFC 4254 §7): bytes both ways, as fast as the slower side reads. Each direction ends by itself: FIN becomes
/// EOF and EOF becomes FIN. A reset becomes a CLOSE without EOF, and the other way round.
/// </summary>
/// <remarks>
/// The relay ends when both directions have, when one of them breaks, when the channel closes, or when it is cancelled; then socket and channel are
/// closed. A connection without traffic holds 4 KiB for each direction.
/// </remarks>
public sealed class SocketRelay
{
    private const int SmallBuffer = 4 * 1024;
    private const int LargeBuffer = 128 * 1024;

    private const int Open = 0;
    private const int Ended = 1;
    private const int Broken = 2;

    private readonly Socket _socket;
    private readonly SshChannel _channel;
    private readonly RelayMeter _meter;
    private readonly bool _keepsHalfClose;
    private int _outcome;
    private int _ends;
    private bool _eofSent;
    private bool _toSocketEnded;

    private SocketRelay(Socket socket, SshChannel channel, RelayMeter meter, bool keepsHalfClose)
    {
        _socket = socket;
        _channel = channel;
        _meter = meter;
        _keepsHalfClose = keepsHalfClose;
    }

    /// <summary>Relays until the end of both directions. Never throws for what socket, channel or peer do.</summary>
    /// <param name="socket">Connected. Owned from here, whatever happens.</param>
    /// <param name="channel">Open. Owned from here, whatever happens.</param>
    /// <param name="meter">Counts.</param>
    /// <param name="peerKeepsHalfClose">
    /// False for a peer that ends both directions at the first end and says so with a bare CLOSE: that is then an orderly end and no reset.
    /// </param>
    /// <param name="cancellationToken">Breaks the relay: both sides see a reset.</param>
    /// <returns>True when both directions came to an orderly end.</returns>
    public static async Task<bool> RunAsync(
        Socket socket, SshChannel channel, RelayMeter meter, bool peerKeepsHalfClose, CancellationToken cancellationToken)
    {
        SocketRelay relay = new(socket, channel, meter, peerKeepsHalfClose);
        channel.InlineContinuations = true; // sockets do not block, and nothing else is done here
        try
        {
            socket.NoDelay = true;
        }
        catch (SocketException)
        {
            // Reset already: the first read says so.
        }

        using (cancellationToken.UnsafeRegister(static self => ((SocketRelay)self!).Break(), relay))
        {
            Task toChannel = relay.ToChannelAsync();
            Task toSocket = relay.ToSocketAsync();
            channel.WhenClosed(relay.EndIfPeerIsGone);
            await toChannel.ConfigureAwait(false);
            await toSocket.ConfigureAwait(false);
        }

        await channel.CloseAsync().ConfigureAwait(false);
        socket.Dispose();
        return relay._outcome != Broken;
    }

    private async Task ToChannelAsync()
    {
        Buffer buffer = Buffer.Rent();
        try
        {
            while (true)
            {
                int read = await _socket.ReceiveAsync(buffer.Memory, SocketFlags.None).ConfigureAwait(false);
                if (read == 0)
                {
                    Volatile.Write(ref _eofSent, true); // before the peer can answer it
                    await _channel.Output.SendEofAsync(closeFollows: Volatile.Read(ref _toSocketEnded), CancellationToken.None).ConfigureAwait(false);
                    return;
                }

                await _channel.WriteAsync(buffer.Memory[..read]).ConfigureAwait(false);
                _meter.AddToChannel(read);
                buffer.Fit(read);
            }
        }
        catch (SshChannelClosedException)
        {
            // Whoever closed the channel sees to the rest: Break, or EndIfPeerIsGone once all that came has been passed on.
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or SshException)
        {
            Break();
        }
        finally
        {
            buffer.Return();
        }
    }

    private async Task ToSocketAsync()
    {
        Buffer buffer = Buffer.Rent();
        try
        {
            while (true)
            {
                int read = await _channel.ReadAsync(buffer.Memory).ConfigureAwait(false);
                if (read == 0)
                {
                    break;
                }

                for (int sent = 0; sent < read;)
                {
                    sent += await _socket.SendAsync(buffer.Memory[sent..read], SocketFlags.None).ConfigureAwait(false);
                }

                _meter.AddToSocket(read);
                buffer.Fit(read);
            }

            if (_channel.PeerSentEof || !_keepsHalfClose)
            {
                _socket.Shutdown(SocketShutdown.Send);
            }
            else
            {
                Break();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or SshException)
        {
            Break();
        }
        finally
        {
            buffer.Return();
            Volatile.Write(ref _toSocketEnded, true);
            EndIfPeerIsGone();
        }
    }

    /// <summary>
    /// Called when the channel has closed, and when all that came by it has been passed on: after both, the direction towards the peer, if it has not
    /// ended, has nowhere to go.
    /// </summary>
    private void EndIfPeerIsGone()
    {
        if (Interlocked.Increment(ref _ends) < 2)
        {
            return;
        }

        if (!_keepsHalfClose)
        {
            End();
        }
        else if (!Volatile.Read(ref _eofSent))
        {
            Break();
        }
    }

    /// <summary>Ends both directions by force: the socket with RST, the channel with CLOSE. The first end counts.</summary>
    private void Break()
    {
        if (Interlocked.CompareExchange(ref _outcome, Broken, Open) != Open)
        {
            return;
        }

        try
        {
            _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        _socket.Dispose();
        _ = _channel.CloseAsync();
    }

    /// <summary>Ends both directions in order: what was sent to the socket still arrives.</summary>
    private void End()
    {
        if (Interlocked.CompareExchange(ref _outcome, Ended, Open) != Open)
        {
            return;
        }

        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }
    }

    /// <summary>Small until a read fills it, then large until a read leaves much of it empty: few bytes while idle, few calls while busy.</summary>
    private struct Buffer
    {
        private byte[] _bytes;

        public readonly Memory<byte> Memory => _bytes;

        public static Buffer Rent() => new() { _bytes = ArrayPool<byte>.Shared.Rent(SmallBuffer) };

        public void Fit(int read)
        {
            bool isLarge = _bytes.Length >= LargeBuffer;
            if (isLarge ? read < SmallBuffer : read == _bytes.Length)
            {
                Return();
                _bytes = ArrayPool<byte>.Shared.Rent(isLarge ? SmallBuffer : LargeBuffer);
            }
        }

        public void Return()
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }
}
