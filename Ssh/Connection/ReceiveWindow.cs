namespace RPort.Ssh.Connection;

/// <summary>
/// The window we grant a peer on one channel (RFC 4254 §5.2): what it may still send, when to give back what was read, and growth. Pure arithmetic,
/// guarded by its owner's lock.
/// </summary>
internal sealed class ReceiveWindow
{
    // A reader with more than this waiting would only fill a larger window.
    private const int KeepsUpBytes = 64 * 1024;

    private readonly ReceiveBudget _budget;
    private readonly int _maxBytes;
    private int _toGiveBack;
    private long _readSinceGrowth;

    public ReceiveWindow(ReceiveBudget budget, int initialBytes, int maxBytes)
    {
        _budget = budget;
        _maxBytes = maxBytes;
        Size = budget.TakeInitial(initialBytes);
        Left = Size;
    }

    /// <summary>The full window: what may be sent and unread together.</summary>
    public int Size { get; private set; }

    /// <summary>Bytes the peer may still send.</summary>
    public int Left { get; private set; }

    /// <summary>Counts data that came.</summary>
    /// <returns>False when the peer sent more than it may.</returns>
    public bool TryReceive(int bytes)
    {
        if (bytes > Left)
        {
            return false;
        }

        Left -= bytes;
        return true;
    }

    /// <summary>Counts data that was read.</summary>
    /// <param name="bytes">Bytes read.</param>
    /// <param name="unreadBytes">Bytes that still wait.</param>
    /// <returns>Bytes to grant the peer now; mostly 0, since half windows are given back at once.</returns>
    public uint Read(int bytes, int unreadBytes)
    {
        _toGiveBack += bytes;
        _readSinceGrowth += bytes;
        if (_toGiveBack < Size / 2)
        {
            return 0;
        }

        int grant = _toGiveBack + Grow(unreadBytes);
        _toGiveBack = 0;
        Left += grant;
        return (uint)grant;
    }

    /// <summary>Gives the budget back. The channel is over.</summary>
    public void Release()
    {
        _budget.Return(Size);
        Size = 0;
        Left = 0;
    }

    /// <summary>A reader that went through a whole window and has next to nothing waiting could use a larger one; a slow reader could not.</summary>
    private int Grow(int unreadBytes)
    {
        if (_readSinceGrowth < Size || unreadBytes > KeepsUpBytes || Size >= _maxBytes)
        {
            return 0;
        }

        int more = _budget.TakeMore(Math.Min(Size, _maxBytes - Size));
        Size += more;
        _readSinceGrowth = 0;
        return more;
    }
}
