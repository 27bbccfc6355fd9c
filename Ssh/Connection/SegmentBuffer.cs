using System.Buffers;

namespace RPort.Ssh.Connection;

/// <summary>
/// Bytes received and not read yet, in rented segments that are given back as they are read. Every segment but the last is full. Guarded by its
/// owner's lock; its owner bounds it.
/// </summary>
internal sealed class SegmentBuffer
{
    private const int FirstSegmentBytes = 1024;
    private const int NextSegmentBytes = 64 * 1024;

    // The shared pool keeps 32 arrays of a size per core: a full window of the smaller segments would mostly be garbage once read.
    private const int BacklogSegmentBytes = 256 * 1024;
    private const int BacklogSegments = 5;

    private readonly Queue<byte[]> _segments = new(0);
    private byte[] _last = [];
    private int _firstStart;
    private int _lastEnd;

    public int Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_lastEnd == _last.Length)
            {
                // A byte now and then must not cost a large segment, nor a backlog thousands of small ones.
                _last = ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length, NextBytes));
                _segments.Enqueue(_last);
                _lastEnd = 0;
            }

            int count = Math.Min(bytes.Length, _last.Length - _lastEnd);
            bytes[..count].CopyTo(_last.AsSpan(_lastEnd));
            _lastEnd += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>Moves as much as there is and fits.</summary>
    public int Read(Span<byte> destination)
    {
        int total = 0;
        while (total < destination.Length && Length > 0)
        {
            byte[] first = _segments.Peek();
            int end = ReferenceEquals(first, _last) ? _lastEnd : first.Length;
            int count = Math.Min(end - _firstStart, destination.Length - total);
            first.AsSpan(_firstStart, count).CopyTo(destination[total..]);
            _firstStart += count;
            total += count;
            Length -= count;
            if (_firstStart == end)
            {
                DropFirst();
            }
        }

        return total;
    }

    public void Clear()
    {
        while (_segments.Count > 0)
        {
            DropFirst();
        }

        Length = 0;
    }

    private int NextBytes => _segments.Count switch
    {
        0 => FirstSegmentBytes,
        < BacklogSegments => NextSegmentBytes,
        _ => BacklogSegmentBytes,
    };

    private void DropFirst()
    {
        byte[] first = _segments.Dequeue();
        _firstStart = 0;
        if (ReferenceEquals(first, _last))
        {
            _last = [];
            _lastEnd = 0;
        }

        ArrayPool<byte>.Shared.Return(first);
    }
}
