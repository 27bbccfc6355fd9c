using System.Buffers.Binary;
using System.Security.Cryptography;

namespace RPort.Ssh.Algorithms;

/// <summary><c>aes128-gcm@openssh.com</c>: the length goes in the clear as associated data; the nonce is 4 fixed bytes and a 64-bit packet count.</summary>
internal sealed class GcmProtection : PacketProtection
{
    public const int NonceBytes = 12;
    private const int FixedNonceBytes = 4;
    private const int GcmTagBytes = 16;

    private readonly AesGcm _aes;
    private readonly byte[] _nonce;

    public GcmProtection(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce)
    {
        _aes = new AesGcm(key, GcmTagBytes);
        _nonce = nonce[..NonceBytes].ToArray();
    }

    public override int HeadBytes => LengthBytes;

    public override int TagBytes => GcmTagBytes;

    protected override int BlockBytes => 16;

    protected override bool PadsLengthField => false;

    public override void Seal(Span<byte> packet, uint sequence)
    {
        Span<byte> body = packet[LengthBytes..^GcmTagBytes];
        _aes.Encrypt(_nonce, body, body, packet[^GcmTagBytes..], packet[..LengthBytes]);
        CountPacket();
    }

    public override uint OpenHead(Span<byte> head, uint sequence) => BinaryPrimitives.ReadUInt32BigEndian(head);

    public override bool TryOpen(Span<byte> packet, uint sequence)
    {
        Span<byte> body = packet[LengthBytes..^GcmTagBytes];
        try
        {
            _aes.Decrypt(_nonce, body, packet[^GcmTagBytes..], body, packet[..LengthBytes]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        CountPacket();
        return true;
    }

    public override void Dispose() => _aes.Dispose();

    private void CountPacket()
    {
        Span<byte> counter = _nonce.AsSpan(FixedNonceBytes);
        BinaryPrimitives.WriteUInt64BigEndian(counter, unchecked(BinaryPrimitives.ReadUInt64BigEndian(counter) + 1));
    }
}
