using RPort.Ssh.Wire;

namespace RPort.Ssh.KeyExchange;

/// <summary>KEX_ECDH_INIT (RFC 5656 §4), without its number.</summary>
internal readonly record struct EcdhInitMessage(byte[] Point)
{
    /// <summary>An uncompressed point of P-521, the largest.</summary>
    public const int MaxPointBytes = 133;

    public static bool TryRead(ReadOnlySpan<byte> body, out EcdhInitMessage message)
    {
        SshReader reader = new(body);
        bool read = reader.TryReadString(MaxPointBytes, out ReadOnlySpan<byte> point) && reader.AtEnd;
        message = read ? new EcdhInitMessage(point.ToArray()) : default;
        return read;
    }

    public byte[] Encode()
    {
        using SshWriter writer = new(stackalloc byte[256]);
        writer.WriteByte((byte)MessageNumber.KexEcdhInit);
        writer.WriteString(Point);
        return writer.Written.ToArray();
    }
}

/// <summary>KEX_ECDH_REPLY (RFC 5656 §4), without its number.</summary>
internal readonly record struct EcdhReplyMessage(byte[] HostKey, byte[] Point, byte[] Signature)
{
    private const int MaxHostKeyBytes = 8192;
    private const int MaxSignatureBytes = 4096;

    public static bool TryRead(ReadOnlySpan<byte> body, out EcdhReplyMessage message)
    {
        SshReader reader = new(body);
        bool read = reader.TryReadString(MaxHostKeyBytes, out ReadOnlySpan<byte> hostKey)
            & reader.TryReadString(EcdhInitMessage.MaxPointBytes, out ReadOnlySpan<byte> point)
            & reader.TryReadString(MaxSignatureBytes, out ReadOnlySpan<byte> signature)
            & reader.AtEnd;
        message = read ? new EcdhReplyMessage(hostKey.ToArray(), point.ToArray(), signature.ToArray()) : default;
        return read;
    }

    public byte[] Encode()
    {
        using SshWriter writer = new(stackalloc byte[1024]);
        writer.WriteByte((byte)MessageNumber.KexEcdhReply);
        writer.WriteString(HostKey);
        writer.WriteString(Point);
        writer.WriteString(Signature);
        return writer.Written.ToArray();
    }
}

/// <summary>EXT_INFO (RFC 8308 §2.3). What peers say in it changes nothing for a password login; it is checked for form only.</summary>
internal static class ExtInfoMessage
{
    private const int MaxExtensions = 64;
    private const int MaxValueBytes = 8192;

    public static bool IsWellFormed(ReadOnlySpan<byte> body)
    {
        SshReader reader = new(body);
        if (!reader.TryReadUInt32(out uint count) || count > MaxExtensions)
        {
            return false;
        }

        for (uint i = 0; i < count; i++)
        {
            if (!reader.TryReadString(MaxValueBytes, out _) || !reader.TryReadString(MaxValueBytes, out _))
            {
                return false;
            }
        }

        return reader.AtEnd;
    }

    /// <summary>Names the signature algorithms we know.</summary>
    public static byte[] Encode()
    {
        using SshWriter writer = new(stackalloc byte[256]);
        writer.WriteByte((byte)MessageNumber.ExtInfo);
        writer.WriteUInt32(1);
        writer.WriteString("server-sig-algs"u8);
        writer.WriteNameList(SshAlgorithms.HostKeys);
        return writer.Written.ToArray();
    }
}
