using System.Buffers;

namespace RPort.Protocol.Udp;

/// <summary>
/// Datagrams on their way to a channel: many small ones leave in one write, and those that come faster than the channel takes them are dropped, as a
/// network would. Any number of callers add, one takes.
/// </summary>
/// <param name="maxBytes">The most bytes that wait.</param>
public sealed class UdpFrameQueue(int maxBytes)
{
    // A packet's worth: what comes without a pause leaves in pieces of this size.
    private const int FullBytes = 32 * 1024;

    private readonly Lock _gate = new();
    private readonly Bell _waiting = new();
    private readonly UdpFrameWriter _writer = new();
    private ArrayBufferWriter<byte> _filling = new();
    private ArrayBufferWriter<byte> _leaving = new();

    /// <summary>Adds a datagram. The one who takes goes on in this call.</summary>
    /// <param name="peer">The peer outside.</param>
    /// <param name="data">At most <see cref="UdpMessage.MaxDataBytes"/>.</param>
    /// <param name="hold">More is at hand: leaves it waiting for <see cref="Release"/>, or until there is a packet's worth.</param>
    /// <returns>False where there was no room: it is dropped.</returns>
    public bool TryAdd(UdpPeer peer, ReadOnlySpan<byte> data, bool hold = false)
    {
        lock (_gate)
        {
            if (_filling.WrittenCount + data.Length + UdpFrameWriter.MaxOverheadBytes > maxBytes && _filling.WrittenCount > 0)
            {
                return false;
            }

            _writer.Write(_filling, peer, data);
            if (hold && _filling.WrittenCount < FullBytes)
            {
                return true;
            }
        }

        _waiting.Ring();
        return true;
    }

    /// <summary>Lets go what was held.</summary>
    public void Release() => _waiting.Ring();

    /// <summary>Waits for datagrams and takes all there are, framed.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The frames; valid until the next call.</returns>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _waiting.WaitAsync(cancellationToken).ConfigureAwait(false);
            lock (_gate)
            {
                if (_filling.WrittenCount > 0) // else they left with those before
                {
                    _leaving.ResetWrittenCount();
                    (_filling, _leaving) = (_leaving, _filling);
                    return _leaving.WrittenMemory;
                }
            }
        }
    }
}
