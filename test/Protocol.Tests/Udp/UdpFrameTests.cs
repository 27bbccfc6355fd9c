using System.Buffers;
using System.Net;
using System.Text;
using RPort.Protocol.Udp;
using RPort.Testing;

namespace RPort.Protocol.Tests.Udp;

/// <summary>The framing of datagrams, against the bytes of existing agents and servers and against whoever sends something else.</summary>
public sealed class UdpFrameTests
{
    private static readonly UdpPeer Peer = UdpPeer.From(new IPEndPoint(IPAddress.Loopback, 20998));

    [Fact]
    public void Frames_are_the_bytes_of_an_existing_server() =>
        Assert.Equal([.. UdpFrames.First, .. UdpFrames.Second], UdpFrames.Write((Peer, "first datagram"u8.ToArray()), (Peer, "second"u8.ToArray())));

    [Fact]
    public void The_bytes_of_an_existing_server_are_read_however_they_are_cut()
    {
        byte[] stream = [.. UdpFrames.First, .. UdpFrames.Second];
        for (int cut = 0; cut <= stream.Length; cut++)
        {
            UdpFrameReader reader = new();
            List<(UdpPeer Peer, byte[] Data)> read = [.. UdpFrames.Feed(reader, stream.AsSpan(0, cut)), .. UdpFrames.Feed(reader, stream.AsSpan(cut))];
            Assert.Equal([(Peer, "first datagram"), (Peer, "second")], read.Select(one => (one.Peer, Encoding.ASCII.GetString(one.Data))));
        }

        Assert.Equal(2, UdpFrames.Read(stream, piece: 1).Count);
    }

    [Theory]
    [InlineData("192.0.2.7", 53, "0104c0000207016a00")]
    [InlineData("2001:db8::1", 65535, "011020010db800000000000000000000000101fd01fffe00")]
    [InlineData("fe80::1%3", 5353, "01fe29d201013300")]
    [InlineData("192.0.2.7", 0, "0104c000020700")]
    [InlineData("0.0.0.0", 1, "010400000000010200")]
    public void Peers_come_back_as_they_went(string address, int port, string contained)
    {
        IPEndPoint endPoint = new(IPAddress.Parse(address), port);
        byte[] stream = UdpFrames.Write((UdpPeer.From(endPoint), [1]));
        Assert.Contains(contained, Convert.ToHexStringLower(stream), StringComparison.Ordinal);
        Assert.Equal(endPoint, Assert.Single(UdpFrames.Read(stream)).Peer.ToEndPoint());
    }

    [Fact]
    public void An_IPv4_address_in_IPv6_form_is_kept_when_it_is_read_and_plain_when_a_socket_reports_it()
    {
        IPEndPoint mapped = new(IPAddress.Parse("::ffff:192.0.2.7"), 53);
        Assert.Equal(4, UdpPeer.From(mapped).AddressBytes);

        byte[] stream = UdpFrames.Write((UdpPeer.From(new IPEndPoint(IPAddress.Parse("2001:db8::1"), 53)), [1]));
        mapped.Address.GetAddressBytes().CopyTo(stream, stream.AsSpan().IndexOf(IPAddress.Parse("2001:db8::1").GetAddressBytes()));
        UdpPeer read = Assert.Single(UdpFrames.Read(stream)).Peer;
        Assert.Equal(16, read.AddressBytes);
        Assert.Equal(stream, UdpFrames.Write((read, [1])));
    }

    [Fact]
    public void A_zone_with_a_name_is_sent_back_and_no_end_point()
    {
        UdpPeer scoped = UdpPeer.From(new IPEndPoint(IPAddress.Parse("fe80::1%3"), 5353));
        byte[] stream = [.. UdpFrames.Write((scoped, []))];
        stream[^3] = (byte)'e'; // the zone's only character, the end of the address, the end of the datagram
        UdpPeer named = Assert.Single(UdpFrames.Read(stream)).Peer;
        Assert.Equal(("e", "[fe80::1%e]:5353"), (named.Zone, named.ToString()));
        Assert.Null(named.ToEndPoint());
        Assert.Equal(stream, UdpFrames.Write((named, [])));
    }

    [Fact]
    public void Empty_datagrams_and_nobody_leave_their_fields_out()
    {
        byte[] stream = UdpFrames.Write((Peer, []), (default, [7]), (default, []));
        Assert.EndsWith("0fff820101047f00000101fea40c0000" + "06ff8202010700" + "03ff8200", Convert.ToHexStringLower(stream), StringComparison.Ordinal);
        List<(UdpPeer Peer, byte[] Data)> read = UdpFrames.Read(stream, piece: 3);
        Assert.Equal([Peer, default, default], read.Select(one => one.Peer));
        Assert.Equal([0, 1, 0], read.Select(one => one.Data.Length));
        Assert.Null(read[1].Peer.ToEndPoint());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public void Datagrams_of_all_sizes_pass_whole_and_in_order(int piece)
    {
        int[] sizes = [0, 1, 127, 128, 255, 256, 1472, 65_507, UdpMessage.MaxDataBytes, 3, 65_507];
        (UdpPeer Peer, byte[] Data)[] sent = [.. sizes.Select((size, index) => (UdpPeer.From(new IPEndPoint(IPAddress.Loopback, index)), Bytes(size, index)))];
        List<(UdpPeer Peer, byte[] Data)> read = UdpFrames.Read(UdpFrames.Write(sent), piece);
        Assert.Equal(sent.Select(one => one.Peer), read.Select(one => one.Peer));
        Assert.All(sent.Zip(read), pair => Assert.Equal(pair.First.Data, pair.Second.Data));
    }

    [Fact]
    public void A_frame_is_no_larger_than_its_payload_and_the_stated_overhead()
    {
        UdpPeer longest = UdpPeer.From(new IPEndPoint(IPAddress.Parse("fe80::ffff:ffff:ffff:ffff%4294967295"), 65535));
        int frame = UdpFrames.Write((longest, new byte[UdpMessage.MaxDataBytes])).Length;
        Assert.InRange(frame, 0, UdpMessage.MaxDataBytes + UdpFrameWriter.DefinitionBytes + UdpFrameWriter.MaxOverheadBytes);
    }

    [Fact]
    public void A_payload_no_datagram_could_hold_is_refused_before_anything_is_written()
    {
        ArrayBufferWriter<byte> output = new();
        UdpFrameWriter writer = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(output, Peer, new byte[UdpMessage.MaxDataBytes + 1]));
        writer.Write(output, Peer, "first datagram"u8);
        Assert.Equal(UdpFrames.First, output.WrittenSpan);
    }

    [Fact]
    public void Types_may_have_other_ids_and_other_orders_of_fields()
    {
        // Type 70 is UDPAddr { Zone, Port, IP }, defined first; type 71 is UDPMessage { Data, Addr }.
        byte[] stream = Convert.FromHexString(
            "2eff8b030101075544504164647201ff8c00010301045a6f6e65010c000104506f727401040001024950010a000000"
            + "2bff8d0301010a5544504d65737361676501ff8e000102010444617461010a0001044164647201ff8c000000"
            + "11ff8e0102486901025401047f0000010000");
        (UdpPeer peer, byte[] data) = Assert.Single(UdpFrames.Read(stream));
        Assert.Equal(("127.0.0.1:42", "Hi"), (peer.ToString(), Encoding.ASCII.GetString(data)));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("f7")]
    [InlineData("ff00")]
    [InlineData("f8ffffffffffffffff")]
    [InlineData("fd010401")]
    [InlineData("03ff8200")]
    [InlineData("02f700")]
    [InlineData("0af87fffffffffffffff00")]
    [InlineData("0af8ffffffffffffffff00")]
    [InlineData("020c00")]
    public void What_no_sender_of_datagrams_sends_is_malformed(string hex) =>
        Assert.Throws<InvalidDataException>(() => UdpFrames.Read(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("0300")] // a third field
    [InlineData("010002")] // a payload without its length
    [InlineData("02050700")] // a payload shorter than its length
    [InlineData("020107")] // no end
    [InlineData("0000")] // bytes behind the end
    [InlineData("0101030102030000")] // an address of three bytes
    [InlineData("01010500000000000000")] // one of five
    [InlineData("0102fd0200000000")] // port 65536
    [InlineData("0102010000")] // port -1
    [InlineData("010302c3280000")] // a zone that is no UTF-8
    [InlineData("010400")] // a fourth field of the address
    public void Values_that_break_their_type_are_malformed(string hex)
    {
        UdpFrameReader reader = new();
        Assert.Single(UdpFrames.Feed(reader, UdpFrames.First));
        byte[] value = Convert.FromHexString("ff82" + hex);
        Assert.Throws<InvalidDataException>(() => UdpFrames.Feed(reader, [(byte)value.Length, .. value]));
    }

    [Fact]
    public void Definitions_are_bounded_and_never_repeated()
    {
        byte[] definition = UdpFrames.First[..44];
        UdpFrameReader reader = new();
        UdpFrames.Feed(reader, definition);
        Assert.Throws<InvalidDataException>(() => UdpFrames.Feed(reader, definition));

        reader = new UdpFrameReader();
        for (byte id = 0; id < 8; id++)
        {
            UdpFrames.Feed(reader, Renumbered(id));
        }

        Assert.Throws<InvalidDataException>(() => UdpFrames.Feed(reader, Renumbered(8)));

        byte[] Renumbered(byte id)
        {
            byte[] renumbered = [.. definition];
            renumbered[2] += (byte)(2 * id);
            renumbered[19] += (byte)(2 * id);
            return renumbered;
        }
    }

    [Fact]
    public void Damaged_streams_throw_nothing_else_and_hold_no_more_than_the_bound()
    {
        const int Seed = 20261;
        Mutator mutator = new(Seed, 0, 1, 2, 3, 0x81, 0x82, 0x83, 0x84, 0xfe, 0xff);
        UdpPeer scoped = UdpPeer.From(new IPEndPoint(IPAddress.Parse("fe80::1%3"), 5353));
        byte[] good = UdpFrames.Write((Peer, Bytes(40, 1)), (scoped, Bytes(300, 2)), (default, []), (Peer, Bytes(5, 3)));
        int malformed = 0;
        for (int i = 0; i < 100_000; i++)
        {
            byte[] bad = mutator.Mutate(good);
            try
            {
                Assert.All(UdpFrames.Read(bad, 1 + i % 97), one => Assert.InRange(one.Data.Length, 0, bad.Length));
            }
            catch (InvalidDataException)
            {
                malformed++;
            }
        }

        Assert.InRange(malformed, 50_000, 100_000);
    }

    [Fact]
    public void A_frame_costs_nothing_on_the_heap_once_buffers_have_grown()
    {
        byte[] second = UdpFrames.Second;
        UdpFrameReader reader = new();
        UdpFrames.Feed(reader, UdpFrames.First);
        ArrayBufferWriter<byte> output = new(64 * 1024);
        UdpFrameWriter writer = new();
        RoundTrip();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            RoundTrip();
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000); // the measurement itself may cost a little

        void RoundTrip()
        {
            output.ResetWrittenCount();
            second.CopyTo(reader.GetMemory());
            reader.Advance(second.Length);
            while (reader.TryRead(out UdpMessage message))
            {
                writer.Write(output, message.Peer, message.Data.Span);
            }
        }
    }

    private static byte[] Bytes(int size, int seed)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
