using System.Buffers.Binary;
using System.Security.Cryptography;

namespace RPort.Ssh.Algorithms;

/// <summary>
/// Counter-mode cipher with an HMAC. Either over the cipher text with the length in the clear (the <c>-etm@openssh.com</c> kinds), or over the
/// plain text with the length encrypted (RFC 4253 §6.4).
/// </summary>
internal sealed class CtrProtection : PacketProtection
{
    private const int MaxMacBytes = 64;

    private readonly AesCounter _cipher;
    private readonly IncrementalHash _mac;
    private readonly bool _macOverCipherText;
    private readonly byte[] _sequenceBytes = new byte[4];
    private readonly byte[] _computed = new byte[MaxMacBytes];

    public CtrProtection(byte[] key, ReadOnlySpan<byte> initialCounter, HashAlgorithmName hash, byte[] macKey, bool macOverCipherText)
    {
        _cipher = new AesCounter(key, initialCounter);
        _mac = IncrementalHash.CreateHMAC(hash, macKey);
        _macOverCipherText = macOverCipherText;
        TagBytes = _mac.HashLengthInBytes;
    }

    public override int HeadBytes => _macOverCipherText ? LengthBytes : AesCounter.BlockBytes;

    public override int TagBytes { get; }

    protected override int BlockBytes => AesCounter.BlockBytes;

    protected override bool PadsLengthField => !_macOverCipherText;

    public override void Seal(Span<byte> packet, uint sequence)
    {
        Span<byte> text = packet[..^TagBytes];
        if (_macOverCipherText)
        {
            _cipher.Apply(text[LengthBytes..]);
            ComputeMac(text, sequence).CopyTo(packet[^TagBytes..]);
        }
        else
        {
            ComputeMac(text, sequence).CopyTo(packet[^TagBytes..]);
            _cipher.Apply(text);
        }
    }

    public override uint OpenHead(Span<byte> head, uint sequence)
    {
        if (!_macOverCipherText)
        {
            _cipher.Apply(head[..AesCounter.BlockBytes]);
        }

        return BinaryPrimitives.ReadUInt32BigEndian(head);
    }

    public override bool TryOpen(Span<byte> packet, uint sequence)
    {
        Span<byte> text = packet[..^TagBytes];
        ReadOnlySpan<byte> received = packet[^TagBytes..];
        if (_macOverCipherText)
        {
            if (!CryptographicOperations.FixedTimeEquals(ComputeMac(text, sequence), received))
            {
                return false;
            }

            _cipher.Apply(text[LengthBytes..]);
            return true;
        }

        _cipher.Apply(text[AesCounter.BlockBytes..]); // the first block was decrypted by OpenHead
        return CryptographicOperations.FixedTimeEquals(ComputeMac(text, sequence), received);
    }

    public override void Dispose()
    {
        _cipher.Dispose();
        _mac.Dispose();
    }

    private ReadOnlySpan<byte> ComputeMac(ReadOnlySpan<byte> text, uint sequence)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_sequenceBytes, sequence);
        _mac.AppendData(_sequenceBytes);
        _mac.AppendData(text);
        int written = _mac.GetHashAndReset(_computed);
        return _computed.AsSpan(0, written);
    }
}
