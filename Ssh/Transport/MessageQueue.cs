using System.Buffers;
using System.Buffers.Binary;

namespace RPort.Ssh.Transport;

/// <summary>First-in-first-out messages in one rented buffer, which is given back whenever the queue runs empty. Guarded by its owner's lock.</summary>
internal sealed class MessageQueue
{
    private const int PrefixBytes = 4;

    private byte[] _buffer = [];
    private int _start;
    private int _end;

    public int Bytes => _end - _start;

    public bool IsEmpty => _end == _start;

    public void Add(ReadOnlySpan<byte> message)
    {
        MakeRoom(PrefixBytes + message.Length);
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_end), message.Length);
        message.CopyTo(_buffer.AsSpan(_end + PrefixBytes));
        _end += PrefixBytes + message.Length;
    }

    public ReadOnlySpan<byte> Peek() =>
        _buffer.AsSpan(_start + PrefixBytes, BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(_start)));

    public void Remove()
    {
        _start += PrefixBytes + BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(_start));
        if (_start == _end)
        {
            Clear();
        }
    }

    public void Clear()
    {
        if (_buffer.Length > 0)
        {
            _buffer.AsSpan(0, _end).Clear(); // may have held a password
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        _start = 0;
        _end = 0;
    }

    private void MakeRoom(int count)
    {
        if (_buffer.Length - _end >= count)
        {
            return;
        }

        int used = _end - _start;
        if (_buffer.Length - used >= count && used <= _buffer.Length / 2)
        {
            _buffer.AsSpan(_start, used).CopyTo(_buffer);
        }
        else
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(512, checked((used + count) * 2)));
            _buffer.AsSpan(_start, used).CopyTo(larger);
            if (_buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            _buffer = larger;
        }

        _start = 0;
        _end = used;
    }
}
