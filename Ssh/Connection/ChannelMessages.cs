using System.Buffers.Binary;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Connection;

/// <summary>CHANNEL_OPEN (RFC 4254 §5.1), without its number.</summary>
internal readonly record struct ChannelOpenMessage(string Type, uint Sender, uint Window, uint MaxPacket, byte[] Data)
{
    public static bool TryRead(ReadOnlySpan<byte> body, out ChannelOpenMessage message)
    {
        SshReader reader = new(body);
        bool read = reader.TryReadText(ConnectionLimits.MaxNameBytes, out string type)
            & reader.TryReadUInt32(out uint sender)
            & reader.TryReadUInt32(out uint window)
            & reader.TryReadUInt32(out uint maxPacket);
        message = read ? new ChannelOpenMessage(type, sender, window, maxPacket, reader.Rest.ToArray()) : default;
        return read;
    }

    public static byte[] Encode(string type, uint sender, uint window, uint maxPacket, ReadOnlySpan<byte> data)
    {
        using SshWriter writer = new(stackalloc byte[256]);
        writer.WriteByte((byte)MessageNumber.ChannelOpen);
        writer.WriteString(type);
        writer.WriteUInt32(sender);
        writer.WriteUInt32(window);
        writer.WriteUInt32(maxPacket);
        writer.WriteRaw(data);
        return writer.Written.ToArray();
    }
}

/// <summary>CHANNEL_OPEN_CONFIRMATION (RFC 4254 §5.1), without its number. Type-specific data behind it is ignored.</summary>
internal readonly record struct ChannelOpenConfirmationMessage(uint Recipient, uint Sender, uint Window, uint MaxPacket)
{
    public static bool TryRead(ReadOnlySpan<byte> body, out ChannelOpenConfirmationMessage message)
    {
        SshReader reader = new(body);
        bool read = reader.TryReadUInt32(out uint recipient)
            & reader.TryReadUInt32(out uint sender)
            & reader.TryReadUInt32(out uint window)
            & reader.TryReadUInt32(out uint maxPacket);
        message = new ChannelOpenConfirmationMessage(recipient, sender, window, maxPacket);
        return read;
    }

    public byte[] Encode()
    {
        using SshWriter writer = new(stackalloc byte[32]);
        writer.WriteByte((byte)MessageNumber.ChannelOpenConfirmation);
        writer.WriteUInt32(Recipient);
        writer.WriteUInt32(Sender);
        writer.WriteUInt32(Window);
        writer.WriteUInt32(MaxPacket);
        return writer.Written.ToArray();
    }
}

/// <summary>CHANNEL_OPEN_FAILURE (RFC 4254 §5.1), without its number.</summary>
internal readonly record struct ChannelOpenFailureMessage(uint Recipient, SshChannelOpenFailure Reason, string Text)
{
    public static bool TryRead(ReadOnlySpan<byte> body, out ChannelOpenFailureMessage message)
    {
        SshReader reader = new(body);
        bool read = reader.TryReadUInt32(out uint recipient)
            & reader.TryReadUInt32(out uint reason)
            & reader.TryReadString(body.Length, out ReadOnlySpan<byte> text)
            & reader.TryReadString(body.Length, out _);
        message = new ChannelOpenFailureMessage(recipient, (SshChannelOpenFailure)reason, WireText.Printable(text));
        return read;
    }

    public byte[] Encode()
    {
        using SshWriter writer = new(stackalloc byte[256]);
        writer.WriteByte((byte)MessageNumber.ChannelOpenFailure);
        writer.WriteUInt32(Recipient);
        writer.WriteUInt32((uint)Reason);
        writer.WriteString(Text);
        writer.WriteString(""u8);
        return writer.Written.ToArray();
    }
}

/// <summary>GLOBAL_REQUEST (RFC 4254 §4) and CHANNEL_REQUEST (§5.4) from their name on.</summary>
internal readonly record struct RequestMessage(string Name, bool WantsReply, byte[] Payload)
{
    public static bool TryRead(ReadOnlySpan<byte> body, out RequestMessage message)
    {
        SshReader reader = new(body);
        bool read = reader.TryReadText(ConnectionLimits.MaxNameBytes, out string name) & reader.TryReadBoolean(out bool wantsReply);
        message = read ? new RequestMessage(name, wantsReply, reader.Rest.ToArray()) : default;
        return read;
    }

    public static byte[] EncodeGlobal(string name, bool wantsReply, ReadOnlySpan<byte> payload)
    {
        using SshWriter writer = new(stackalloc byte[256]);
        writer.WriteByte((byte)MessageNumber.GlobalRequest);
        writer.WriteString(name);
        writer.WriteBoolean(wantsReply);
        writer.WriteRaw(payload);
        return writer.Written.ToArray();
    }

    public static byte[] EncodeChannel(uint recipient, string type, bool wantsReply, ReadOnlySpan<byte> payload)
    {
        using SshWriter writer = new(stackalloc byte[256]);
        writer.WriteByte((byte)MessageNumber.ChannelRequest);
        writer.WriteUInt32(recipient);
        writer.WriteString(type);
        writer.WriteBoolean(wantsReply);
        writer.WriteRaw(payload);
        return writer.Written.ToArray();
    }
}

/// <summary>Limits of the connection protocol that nobody needs to configure.</summary>
internal static class ConnectionLimits
{
    /// <summary>Names of requests and channel types. RFC 4250 §4.6.1 allows 64; some vendors' are longer.</summary>
    public const int MaxNameBytes = 256;
}

/// <summary>A channel message that says nothing but its number and the channel: EOF, CLOSE, SUCCESS, FAILURE (RFC 4254 §5.3, §5.4).</summary>
internal static class ChannelMessage
{
    public static byte[] Encode(MessageNumber number, uint recipient)
    {
        byte[] message = new byte[5];
        message[0] = (byte)number;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), recipient);
        return message;
    }
}
