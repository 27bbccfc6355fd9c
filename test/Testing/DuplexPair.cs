namespace RPort.Testing;

/// <summary>
/// Two streams, each the other's far end, in memory. Writes wait while <c>capacity</c> bytes are unread, as on a socket; disposing an end gives the
/// other end of stream after what was written.
/// </summary>
public static class DuplexPair
{
    /// <param name="capacity">Bytes that may be unread in one direction.</param>
    /// <param name="firstToSecond">Sees, and may change or cut, each write of the first end.</param>
    /// <param name="secondToFirst">Sees, and may change or cut, each write of the second end.</param>
    public static (DuplexEnd First, DuplexEnd Second) Create(int capacity = 256 * 1024, IWireTap? firstToSecond = null, IWireTap? secondToFirst = null)
    {
        OneWay forth = new(capacity, firstToSecond);
        OneWay back = new(capacity, secondToFirst);
        return (new DuplexEnd(back, forth), new DuplexEnd(forth, back));
    }
}
