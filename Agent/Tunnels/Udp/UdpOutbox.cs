using System.Buffers;
using System.Net.Sockets;
using RPort.Protocol.Udp;
using RPort.Ssh;
using RPort.Ssh.Forwarding;

namespace RPort.Agent.Tunnels.Udp;

/// <summary>
/// The way of datagrams to the channel: those that come while a write waits for the gateway go out in one write after it; those that find no room are
/// dropped. Any number of sockets put in, one pump takes out.
/// </summary>
internal sealed class UdpOutbox(SshChannel channel, RelayMeter meter)
{
    private const int MaxWaitingBytes = 512 * 1024;
    private const int KeptBytes = 64 * 1024; // of a buffer that has grown
    private const int FullBytes = 32 * 1024; // what comes without a pause leaves in pieces of this size

    private readonly Lock _gate = new();
    private readonly Bell _bell = new();
    private readonly UdpFrameWriter _frames = new();
    private ArrayBufferWriter<byte> _waiting = new();
    private ArrayBufferWriter<byte> _leaving = new();
    private byte[]? _scratch;
    private long _dropped;

    /// <summary>Datagrams that found no room.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes one datagram off a socket that does not block. It waits for <see cref="Release"/>, or until there is a packet's worth.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryReceive(Socket socket, UdpPeer peer)
    {
        lock (_gate)
        {
            _scratch ??= new byte[ushort.MaxValue]; // one for all sockets: a datagram is framed before the next is read
            int bytes = socket.Receive(_scratch, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success)
            {
                return false;
            }

            if (bytes > UdpMessage.MaxDataBytes || _waiting.WrittenCount + bytes + UdpFrameWriter.DefinitionBytes + UdpFrameWriter.MaxOverheadBytes > MaxWaitingBytes)
            {
                Interlocked.Increment(ref _dropped);
                return true;
            }

            _frames.Write(_waiting, peer, _scratch.AsSpan(0, bytes));
            meter.AddToChannel(bytes);
            if (_waiting.WrittenCount < FullBytes)
            {
                return true;
            }
        }

        _bell.Ring();
        return true;
    }

    /// <summary>Lets go what was received. The write begins in this call.</summary>
    public void Release() => _bell.Ring();

    /// <summary>Writes to the channel until it closes or the token fires. Does not throw for either.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _bell.WaitAsync(cancellationToken).ConfigureAwait(false);
                lock (_gate)
                {
                    if (_waiting.WrittenCount == 0)
                    {
                        continue; // they left with those before
                    }

                    (_waiting, _leaving) = (_leaving, _waiting);
                }

                await channel.WriteAsync(_leaving.WrittenMemory, cancellationToken).ConfigureAwait(false);
                _leaving.ResetWrittenCount();
                if (_leaving.Capacity > KeptBytes)
                {
                    _leaving = new ArrayBufferWriter<byte>();
                }
            }
        }
        catch (Exception e) when (e is SshException or OperationCanceledException)
        {
            // The reader of the channel comes to its end as well, and sees to the rest.
        }
    }
}
