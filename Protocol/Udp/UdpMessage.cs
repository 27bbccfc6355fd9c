namespace RPort.Protocol.Udp;

/// <summary>One datagram of a tunnel.</summary>
/// <param name="Peer">The peer outside, as the gateway sees it. The agent sends replies back under the same one.</param>
/// <param name="Data">The payload; may be empty. Valid until the reader it came from is used for the next bytes.</param>
public readonly record struct UdpMessage(UdpPeer Peer, ReadOnlyMemory<byte> Data)
{
    /// <summary>The longest payload: a UDP datagram over IPv6 holds no more (RFC 768; 65,507 bytes over IPv4).</summary>
    public const int MaxDataBytes = ushort.MaxValue - 8;
}
