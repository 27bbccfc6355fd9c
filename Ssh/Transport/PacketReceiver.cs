using System.Buffers;
using System.Runtime.CompilerServices;
using RPort.Ssh.Algorithms;

namespace RPort.Ssh.Transport;

/// <summary>
/// Takes packets (RFC 4253 §6) off a stream, decrypting them where they lie. Owned by the receive loop. Its buffer is rented while a packet is
/// under way and given back before it waits for the next one.
/// </summary>
internal sealed class PacketReceiver(Stream stream, int maxPacketBytes, TimeProvider clock) : IDisposable
{
    // After so many reads with hardly a pause between them the buffer is kept over the next wait: asking first whether there is anything to read costs
    // as much as a short packet. Fewer would leave every agent with a buffer after a small push to all of them.
    private const int ReadsOfABurst = 64;
    private static readonly TimeSpan HardlyAPause = TimeSpan.FromMilliseconds(1);

    // Four full channel packets per read: fewer calls than that cost more than the cache a larger buffer would lose.
    private const int ReadBytes = 128 * 1024;
    private const int NoLength = -1;

    private PacketProtection _protection = new PlainProtection();
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _packetBytes = NoLength;
    private uint _sequence;
    private long _totalBytes;
    private long _packets;
    private long _lastRead;
    private int _burst;

    /// <summary>Bytes taken from the stream so far. Any thread may ask.</summary>
    public long TotalBytes => Volatile.Read(ref _totalBytes);

    /// <summary>Packets under the present keys. Any thread may ask.</summary>
    public long Packets => Volatile.Read(ref _packets);

    /// <summary>Sequence number of the packet taken last.</summary>
    public uint LastSequence => unchecked(_sequence - 1);

    /// <summary>Takes the version line, once, before any packet.</summary>
    public bool TryTakeVersionLine(out string line)
    {
        bool taken = VersionLine.TryRead(_buffer.AsSpan(_start, _end - _start), out line, out int consumed);
        if (taken)
        {
            _start += consumed;
        }

        return taken;
    }

    /// <summary>Takes the next packet's payload if it is all there. The memory is good until the next fill.</summary>
    /// <exception cref="SshProtocolException">Bad length, tag or padding.</exception>
    public bool TryTake(out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        int available = _end - _start;
        if (_packetBytes == NoLength)
        {
            if (available < _protection.HeadBytes)
            {
                return false;
            }

            uint length = _protection.OpenHead(_buffer.AsSpan(_start, _protection.HeadBytes), _sequence);
            if (!_protection.IsPossibleLength(length, maxPacketBytes))
            {
                throw new SshProtocolException($"A packet of {length} bytes is not possible, or over the limit of {maxPacketBytes}.");
            }

            _packetBytes = PacketProtection.LengthBytes + (int)length + _protection.TagBytes;
        }

        if (available < _packetBytes)
        {
            return false;
        }

        payload = Open(_buffer.AsMemory(_start, _packetBytes));
        _start += _packetBytes;
        _packetBytes = NoLength;
        _sequence++; // wraps at 2^32 by rule (RFC 4253 §6.4)
        Volatile.Write(ref _packets, _packets + 1);
        return true;
    }

    /// <summary>Waits for more bytes.</summary>
    /// <returns>False at the end of the stream.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start == _end && _burst < ReadsOfABurst)
        {
            ReleaseBuffer();

            // Streams that can wait without a buffer do so here; the others answer 0 at once and wait below.
            await stream.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        }

        MakeRoom();
        int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        Volatile.Write(ref _totalBytes, _totalBytes + read);
        long now = clock.GetTimestamp();
        _burst = clock.GetElapsedTime(_lastRead, now) < HardlyAPause ? _burst + 1 : 0;
        _lastRead = now;
        return read > 0;
    }

    /// <summary>Whether the stream ended, or would end, in the middle of a packet.</summary>
    public bool HasPart => _end > _start;

    /// <summary>Reads to the end of the stream and keeps nothing: the peer is getting our last words.</summary>
    public async Task DiscardAsync(CancellationToken cancellationToken)
    {
        do
        {
            _start = _end;
        }
        while (await FillAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Takes new keys into use for every packet after NEWKEYS; strict key exchange starts the count again.</summary>
    public void Use(PacketProtection protection, bool restartSequence)
    {
        _protection.Dispose();
        _protection = protection;
        Volatile.Write(ref _packets, 0);
        if (restartSequence)
        {
            _sequence = 0;
        }
    }

    public void Dispose()
    {
        ReleaseBuffer();
        _protection.Dispose();
    }

    private ReadOnlyMemory<byte> Open(Memory<byte> packet)
    {
        if (!_protection.TryOpen(packet.Span, _sequence))
        {
            throw new SshProtocolException(SshDisconnectReason.MacError, "A packet's authentication tag is wrong.");
        }

        int body = packet.Length - PacketProtection.LengthBytes - _protection.TagBytes;
        int padding = packet.Span[PacketProtection.LengthBytes];
        int payloadBytes = body - 1 - padding;
        if (padding < 4 || payloadBytes < 1)
        {
            throw new SshProtocolException($"A packet of {body} bytes can not hold {padding} bytes of padding and a message.");
        }

        return packet.Slice(PacketProtection.LengthBytes + 1, payloadBytes);
    }

    private void MakeRoom()
    {
        int used = _end - _start;
        int wanted = Math.Max(ReadBytes, _packetBytes);
        if (_buffer.Length < wanted)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(wanted);
            _buffer.AsSpan(_start, used).CopyTo(larger);
            ReleaseBuffer();
            _buffer = larger;
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, used).CopyTo(_buffer);
        }

        _start = 0;
        _end = used;
    }

    private void ReleaseBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        _start = 0;
        _end = 0;
    }
}
