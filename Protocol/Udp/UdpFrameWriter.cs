using System.Buffers;
using System.Text;

namespace RPort.Protocol.Udp;

/// <summary>
/// Frames the datagrams of one direction of a UDP tunnel channel, so that existing agents and servers read them. The first frame brings the type
/// definitions along: what this writes must go out whole and in order. One caller at a time.
/// </summary>
public sealed class UdpFrameWriter
{
    /// <summary>The most bytes a frame adds to its payload, the type definitions left out.</summary>
    public const int MaxOverheadBytes = 128;

    /// <summary>The bytes of the type definitions before the first frame.</summary>
    public const int DefinitionBytes = 91;

    private const int MessageId = 65;
    private const int V6Bytes = 16;

    // UDPMessage is type 65 and UDPAddr 66, as Go's own encoder numbers them: the bytes are those of an existing agent.
    private static readonly byte[] Definitions =
    [
        0x2b, 0xff, 0x81, 0x03, 0x01, 0x01, 0x0a, .. "UDPMessage"u8, 0x01, 0xff, 0x82, 0x00,
        0x01, 0x02, 0x01, 0x04, .. "Addr"u8, 0x01, 0xff, 0x84, 0x00, 0x01, 0x04, .. "Data"u8, 0x01, 0x0a, 0x00, 0x00, 0x00,
        0x2e, 0xff, 0x83, 0x03, 0x01, 0x01, 0x07, .. "UDPAddr"u8, 0x01, 0xff, 0x84, 0x00,
        0x01, 0x03, 0x01, 0x02, .. "IP"u8, 0x01, 0x0a, 0x00, 0x01, 0x04, .. "Port"u8, 0x01, 0x04, 0x00, 0x01, 0x04, .. "Zone"u8, 0x01, 0x0c, 0x00, 0x00, 0x00,
    ];

    private bool _defined;

    /// <summary>Appends one frame.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="peer">The peer outside.</param>
    /// <param name="data">At most <see cref="UdpMessage.MaxDataBytes"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The data is too long.</exception>
    public void Write(IBufferWriter<byte> output, UdpPeer peer, ReadOnlySpan<byte> data)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, UdpMessage.MaxDataBytes);
        Span<byte> address = stackalloc byte[MaxOverheadBytes];
        address = address[..EncodePeer(address, peer)];
        int dataBytes = data.IsEmpty ? 0 : 1 + GobWriter.UnsignedLength((ulong)data.Length) + data.Length;
        int body = 2 + address.Length + dataBytes + 1;
        GobWriter frame = new(output.GetSpan((_defined ? 0 : DefinitionBytes) + GobWriter.UnsignedLength((ulong)body) + body));
        if (!_defined)
        {
            frame.WriteRaw(Definitions);
            _defined = true;
        }

        frame.WriteUnsigned((ulong)body);
        frame.WriteSigned(MessageId);
        frame.WriteRaw(address);
        if (!data.IsEmpty)
        {
            frame.WriteByte(address.IsEmpty ? (byte)2 : (byte)1); // fields count on from the last one that is there
            frame.WriteBytes(data);
        }

        frame.WriteByte(0);
        output.Advance(frame.Length);
    }

    /// <summary>Fields that are zero are left out; the struct itself is there for anybody but nobody.</summary>
    private static int EncodePeer(Span<byte> destination, UdpPeer peer)
    {
        GobWriter writer = new(destination);
        if (peer == default)
        {
            return 0;
        }

        writer.WriteByte(1);
        Span<byte> address = stackalloc byte[V6Bytes];
        address = address[..peer.CopyAddressTo(address)];
        int before = -1;
        if (!address.IsEmpty)
        {
            WriteField(ref writer, 0, ref before);
            writer.WriteBytes(address);
        }

        if (peer.Port != 0)
        {
            WriteField(ref writer, 1, ref before);
            writer.WriteSigned(peer.Port);
        }

        if (peer.Zone.Length > 0)
        {
            WriteField(ref writer, 2, ref before);
            Span<byte> zone = stackalloc byte[UdpPeer.MaxZoneBytes];
            writer.WriteBytes(zone[..Encoding.UTF8.GetBytes(peer.Zone, zone)]);
        }

        writer.WriteByte(0);
        return writer.Length;
    }

    private static void WriteField(ref GobWriter writer, int field, ref int before)
    {
        writer.WriteByte((byte)(field - before));
        before = field;
    }
}
