using System.Buffers;

namespace RPort.Protocol.Udp;

/// <summary>
/// Datagrams on their way to a channel: many small ones leave in one write, and those that come faster than the channel takes them are dropped, as a
/// network would. Any number of callers add, one takes.
/// </summary>
/// <param name="maxBytes">The most bytes that wait.</param>
public sealed class UdpFrameQueue(int maxBytes) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _waiting = new(0, 1);
    private readonly UdpFrameWriter _writer = new();
    private ArrayBufferWriter<byte> _filling = new();
    private ArrayBufferWriter<byte> _leaving = new();

    /// <summary>Adds a datagram.</summary>
    /// <param name="peer">The peer outside.</param>
    /// <param name="data">At most <see cref="UdpMessage.MaxDataBytes"/>.</param>
    /// <returns>False where there was no room: it is dropped.</returns>
    public bool TryAdd(UdpPeer peer, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if (_filling.WrittenCount + data.Length + UdpFrameWriter.MaxOverheadBytes > maxBytes && _filling.WrittenCount > 0)
            {
                return false;
            }

            bool first = _filling.WrittenCount == 0;
            _writer.Write(_filling, peer, data);
            if (!first)
            {
                return true;
            }
        }

        _waiting.Release();
        return true;
    }

    /// <summary>Waits for datagrams and takes all there are, framed.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The frames; valid until the next call.</returns>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync(CancellationToken cancellationToken)
    {
        await _waiting.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            _leaving.ResetWrittenCount();
            (_filling, _leaving) = (_leaving, _filling);
            return _leaving.WrittenMemory;
        }
    }

    /// <summary>Frees what it waits by. Nothing may be added or taken afterwards.</summary>
    public void Dispose() => _waiting.Dispose();
}
