using System.Buffers.Binary;

namespace RPort.Ssh.Algorithms;

/// <summary>
/// Encryption and integrity of one direction (RFC 4253 §6). Works in place on whole packets: length, padding length, payload, padding, tag.
/// One caller at a time; packets strictly in order.
/// </summary>
internal abstract class PacketProtection : IDisposable
{
    /// <summary>Longest padding plus longest tag that any protection adds behind a payload.</summary>
    public const int MaxTrailerBytes = 32 + 64;

    /// <summary>The packet length field.</summary>
    public const int LengthBytes = 4;

    private const int MinPaddingBytes = 4;

    /// <summary>Bytes that must be there before <see cref="OpenHead"/> can tell the packet's length.</summary>
    public abstract int HeadBytes { get; }

    /// <summary>Bytes behind the padding.</summary>
    public abstract int TagBytes { get; }

    /// <summary>Cipher block size, to which packets are padded.</summary>
    protected abstract int BlockBytes { get; }

    /// <summary>Whether the length field is part of what is padded to whole blocks. It is not where it goes in the clear.</summary>
    protected abstract bool PadsLengthField { get; }

    /// <summary>Encrypts and tags a packet.</summary>
    public abstract void Seal(Span<byte> packet, uint sequence);

    /// <summary>Reads the length field. Called exactly once for each packet, since it may decrypt the first block.</summary>
    public abstract uint OpenHead(Span<byte> head, uint sequence);

    /// <summary>Checks the tag and decrypts. After false the packet is not to be looked at.</summary>
    public abstract bool TryOpen(Span<byte> packet, uint sequence);

    public abstract void Dispose();

    /// <summary>Bytes of the whole packet for a payload.</summary>
    public int PacketBytes(int payloadBytes) => LengthBytes + 1 + payloadBytes + PaddingFor(payloadBytes) + TagBytes;

    /// <summary>Whether a length field is one that a correct peer could have sent.</summary>
    public bool IsPossibleLength(uint length, int maxPacketBytes)
    {
        uint padded = PadsLengthField ? length + LengthBytes : length;
        return length <= (uint)maxPacketBytes && length >= 1 + 1 + MinPaddingBytes && padded % (uint)BlockBytes == 0;
    }

    /// <summary>Fills in the frame around a payload that lies at offset 5, then seals.</summary>
    public void SealPayload(Span<byte> packet, int payloadBytes, uint sequence)
    {
        int padding = PaddingFor(payloadBytes);
        BinaryPrimitives.WriteUInt32BigEndian(packet, (uint)(1 + payloadBytes + padding));
        packet[LengthBytes] = (byte)padding;

        // Zeros: under a counter mode the padding's content tells an observer nothing, and random bytes would cost a call per packet.
        packet.Slice(LengthBytes + 1 + payloadBytes, padding).Clear();
        Seal(packet, sequence);
    }

    private int PaddingFor(int payloadBytes)
    {
        int unpadded = 1 + payloadBytes + (PadsLengthField ? LengthBytes : 0);
        int padding = BlockBytes - (unpadded % BlockBytes);
        return padding < MinPaddingBytes ? padding + BlockBytes : padding;
    }
}
