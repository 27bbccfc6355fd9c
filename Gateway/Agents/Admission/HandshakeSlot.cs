using System.Net;

namespace RPort.Gateway.Agents.Admission;

/// <summary>The right to be in a handshake, until the deadline. Disposed once by the connection that holds it.</summary>
internal sealed class HandshakeSlot : IDisposable
{
    private readonly HandshakeAdmission _admission;
    private readonly CancellationTokenSource _deadline;
    private int _left;

    internal HandshakeSlot(HandshakeAdmission admission, IPAddress address, TimeProvider clock, TimeSpan timeout)
    {
        _admission = admission;
        Address = address;
        LastProgress = clock.GetTimestamp();
        _deadline = new CancellationTokenSource(timeout, clock);
        Token = _deadline.Token;
    }

    /// <summary>Fires when the handshake must end: at its deadline, or when it was cut for another.</summary>
    public CancellationToken Token { get; }

    internal IPAddress Address { get; }

    /// <summary>When it began, or its peer last sent something. Guarded by the admission's lock.</summary>
    internal long LastProgress { get; set; }

    /// <summary>Guarded by the admission's lock.</summary>
    internal bool IsCut { get; set; }

    /// <summary>Guarded by the admission's lock.</summary>
    internal LinkedListNode<HandshakeSlot> Place { get; set; } = null!;

    /// <summary>Guarded by the admission's lock.</summary>
    internal bool IsOursToDo { get; set; }

    /// <summary>The peer has done its part: until <see cref="Progress"/> nobody calls it silent, however long its bytes wait for us.</summary>
    public void Arrived() => _admission.Arrived(this);

    /// <summary>What the peer sent has been taken; the next word is its own.</summary>
    public void Progress() => _admission.Progress(this);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            _admission.Leave(this);
            _deadline.Dispose();
        }
    }

    /// <summary>Ends the handshake early. Never called under the admission's lock: the token's listeners run here.</summary>
    internal void Cut()
    {
        try
        {
            _deadline.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }
}
