using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace RPort.Ssh.Sftp;

/// <summary>
/// The incoming half of a session: bytes read ahead from the stream, cut into packets. One caller at a time. Its buffer starts small and grows up to
/// one packet of the largest size allowed. Whoever made it disposes it, after the last read has ended.
/// </summary>
internal sealed class SftpInput(Stream stream, int maxPacketBytes) : IDisposable
{
    // Holds some 150 READ requests: a session that only reads never needs more.
    private const int InitialBytes = 4096;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Math.Min(InitialBytes, SftpWire.LengthBytes + maxPacketBytes));
    private int _start;
    private int _end;

    /// <summary>Bytes read ahead; valid until the next call.</summary>
    public ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Whether the next packet, or the complaint about it, is to be had without waiting for the peer.</summary>
    public bool HasPacket =>
        BinaryPrimitives.TryReadUInt32BigEndian(Buffered, out uint length) && (!IsAllowed(length) || length <= _end - _start - SftpWire.LengthBytes);

    /// <summary>Reads the next packet without its length. Null at the end of the stream between two packets.</summary>
    /// <exception cref="SftpException">Too long, empty, or cut short by the end of the stream.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadOnlyMemory<byte>?> ReadPacketAsync(CancellationToken cancellationToken)
    {
        if (!await FillAsync(SftpWire.LengthBytes, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        int length = PacketLength();
        await FillAsync(SftpWire.LengthBytes + length, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> packet = _buffer.AsMemory(_start + SftpWire.LengthBytes, length);
        _start += SftpWire.LengthBytes + length;
        return packet;
    }

    /// <summary>The length of the packet whose first four bytes are buffered.</summary>
    /// <exception cref="SftpException">Empty or longer than allowed.</exception>
    public int PacketLength()
    {
        uint length = BinaryPrimitives.ReadUInt32BigEndian(Buffered);
        return IsAllowed(length)
            ? (int)length
            : throw new SftpException(SftpStatus.BadMessage, $"A packet of {length} bytes; allowed are 1 to {maxPacketBytes}.");
    }

    /// <summary>Reads ahead until so many bytes are buffered. False at the end of the stream when none is.</summary>
    /// <exception cref="SftpException">The stream ended amid a packet.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FillAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count)
        {
            MakeRoom(count);
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return _end == _start ? false : throw CutShort();
            }

            _end += read;
        }

        return true;
    }

    /// <summary>Drops buffered bytes.</summary>
    public void Consume(int count) => _start += count;

    /// <summary>Reads exactly as many bytes as the destination holds: what is buffered first, the rest straight off the stream into place.</summary>
    /// <exception cref="SftpException">The stream ended before.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadIntoAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        int buffered = Math.Min(destination.Length, _end - _start);
        _buffer.AsSpan(_start, buffered).CopyTo(destination.Span);
        _start += buffered;
        destination = destination[buffered..];
        while (!destination.IsEmpty)
        {
            int read = await stream.ReadAsync(destination, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw CutShort();
            }

            destination = destination[read..];
        }
    }

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _start = _end = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static SftpException CutShort() => new(SftpStatus.ConnectionLost, "The stream ended amid a packet.");

    private bool IsAllowed(uint length) => length - 1 < (uint)maxPacketBytes; // wraps: 0 is not allowed either

    private void MakeRoom(int count)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }

        if (_buffer.Length - _start >= count && _end < _buffer.Length)
        {
            return;
        }

        int buffered = _end - _start;
        byte[] target = _buffer.Length >= count ? _buffer : ArrayPool<byte>.Shared.Rent(count);
        Buffer.BlockCopy(_buffer, _start, target, 0, buffered);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }

        (_start, _end) = (0, buffered);
    }
}
