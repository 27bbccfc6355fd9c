using System.Buffers.Binary;

namespace RPort.Ssh.Algorithms;

/// <summary>No protection: what holds until the first NEWKEYS.</summary>
internal sealed class PlainProtection : PacketProtection
{
    public override int HeadBytes => LengthBytes;

    public override int TagBytes => 0;

    protected override int BlockBytes => 8;

    protected override bool PadsLengthField => true;

    public override void Seal(Span<byte> packet, uint sequence)
    {
    }

    public override uint OpenHead(Span<byte> head, uint sequence) => BinaryPrimitives.ReadUInt32BigEndian(head);

    public override bool TryOpen(Span<byte> packet, uint sequence) => true;

    public override void Dispose()
    {
    }
}
