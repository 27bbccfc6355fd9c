using System.Text;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Transport;

/// <summary>DISCONNECT (RFC 4253 §11.1), without its number.</summary>
internal readonly record struct DisconnectMessage(SshDisconnectReason Reason, string Text)
{
    private const int MaxTextChars = 256;

    public static bool TryRead(ReadOnlySpan<byte> body, out DisconnectMessage message)
    {
        SshReader reader = new(body);
        bool read = reader.TryReadUInt32(out uint reason) & reader.TryReadString(body.Length, out ReadOnlySpan<byte> text);
        message = new DisconnectMessage((SshDisconnectReason)reason, WireText.Printable(text)); // the language tag is often left out
        return read;
    }

    public byte[] Encode()
    {
        using SshWriter writer = new(stackalloc byte[512]);
        writer.WriteByte((byte)MessageNumber.Disconnect);
        writer.WriteUInt32((uint)Reason);
        writer.WriteString(Encoding.UTF8.GetBytes(Text.Length > MaxTextChars ? Text[..MaxTextChars] : Text));
        writer.WriteString(""u8);
        return writer.Written.ToArray();
    }
}

/// <summary>UNIMPLEMENTED (RFC 4253 §11.4).</summary>
internal static class UnimplementedMessage
{
    public static byte[] Encode(uint sequence)
    {
        using SshWriter writer = new(stackalloc byte[8]);
        writer.WriteByte((byte)MessageNumber.Unimplemented);
        writer.WriteUInt32(sequence);
        return writer.Written.ToArray();
    }
}
