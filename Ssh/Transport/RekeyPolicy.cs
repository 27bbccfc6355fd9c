namespace RPort.Ssh.Transport;

/// <summary>When keys have been used enough (RFC 4253 §9, RFC 4344 §3). Pure: the counts and the time are given.</summary>
internal sealed class RekeyPolicy(long maxBytes, long maxPackets, TimeSpan maxAge, TimeProvider clock)
{
    // At 2^31 packets there is as much room again before a sequence number would come twice.
    private const long HardPacketLimit = 1L << 31;

    private readonly long _maxPackets = Math.Min(maxPackets, HardPacketLimit);
    private long _bytesAtStart;
    private long _startedAt = clock.GetTimestamp();

    /// <summary>New keys hold from here.</summary>
    public void Restart(long totalBytes)
    {
        Volatile.Write(ref _bytesAtStart, totalBytes);
        Volatile.Write(ref _startedAt, clock.GetTimestamp());
    }

    /// <summary>Whether to begin a key exchange now.</summary>
    /// <param name="totalBytes">Bytes of both directions since the connection began.</param>
    /// <param name="packets">Packets of the busier direction under the present keys.</param>
    public bool IsDue(long totalBytes, long packets) =>
        totalBytes - Volatile.Read(ref _bytesAtStart) >= maxBytes
        || packets >= _maxPackets
        || clock.GetElapsedTime(Volatile.Read(ref _startedAt)) >= maxAge;
}
