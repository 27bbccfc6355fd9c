using RPort.Protocol;

namespace RPort.Gateway.Agents.Admission;

/// <summary>
/// One connection in its handshake: it works in a turn from the arrival of bytes until it waits for more, and its slot learns that the peer goes on.
/// Disposed at the end of the handshake; the reads after that are not paced.
/// </summary>
internal sealed class HandshakePace(HandshakeTurns turns, HandshakeSlot slot) : IReadPace, IDisposable
{
    private readonly Lock _gate = new();
    private bool _hasTurn;
    private bool _isOver;

    public void Waiting()
    {
        slot.Progress();
        Release(over: false);
    }

    public async ValueTask ArrivedAsync()
    {
        await turns.TakeAsync(begun: true);
        bool over;
        lock (_gate)
        {
            over = _isOver;
            _hasTurn = !over;
        }

        if (over)
        {
            turns.Release(); // it came after the handshake had ended
        }
    }

    public void Dispose() => Release(over: true);

    private void Release(bool over)
    {
        bool had;
        lock (_gate)
        {
            _isOver |= over;
            had = _hasTurn;
            _hasTurn = false;
        }

        if (had)
        {
            turns.Release();
        }
    }
}
