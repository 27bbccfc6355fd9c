using RPort.Protocol;

namespace RPort.Gateway.Agents.Admission;

/// <summary>A connection in its handshake: what it sent is worked on by the handshakes' threads, and its slot learns that the peer goes on.</summary>
internal sealed class HandshakePace(HandshakeThreads threads, HandshakeSlot slot) : IReadPace
{
    public void Waiting() => slot.Progress();

    public async ValueTask ArrivedAsync()
    {
        slot.Arrived();
        await threads.Next;
    }
}
