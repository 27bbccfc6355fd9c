using System.Buffers;
using RPort.Protocol.Udp;

namespace RPort.Protocol.Tests.Udp;

/// <summary>Frames as existing agents and servers send them, and short ways through writer and reader.</summary>
internal static class UdpFrames
{
    /// <summary>What an existing server sent first: two definitions, then <c>first datagram</c> of 127.0.0.1:20998.</summary>
    public static readonly byte[] First = Convert.FromHexString(
        "2bff810301010a5544504d65737361676501ff8200010201044164647201ff8400010444617461010a000000"
        + "2eff83030101075544504164647201ff8400010301024950010a000104506f727401040001045a6f6e65010c000000"
        + "1fff820101047f00000101fea40c00010e666972737420646174616772616d00");

    /// <summary>What it sent next: <c>second</c>.</summary>
    public static readonly byte[] Second = Convert.FromHexString("17ff820101047f00000101fea40c0001067365636f6e6400");

    public static byte[] Write(params (UdpPeer Peer, byte[] Data)[] datagrams)
    {
        ArrayBufferWriter<byte> output = new();
        UdpFrameWriter writer = new();
        foreach ((UdpPeer peer, byte[] data) in datagrams)
        {
            writer.Write(output, peer, data);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>All datagrams of a stream that comes in pieces of so many bytes.</summary>
    public static List<(UdpPeer Peer, byte[] Data)> Read(ReadOnlySpan<byte> stream, int piece = int.MaxValue)
    {
        UdpFrameReader reader = new();
        List<(UdpPeer Peer, byte[] Data)> datagrams = [];
        while (!stream.IsEmpty)
        {
            datagrams.AddRange(Feed(reader, stream[..Math.Min(piece, stream.Length)]));
            stream = stream[Math.Min(piece, stream.Length)..];
        }

        return datagrams;
    }

    public static List<(UdpPeer Peer, byte[] Data)> Feed(UdpFrameReader reader, ReadOnlySpan<byte> bytes)
    {
        List<(UdpPeer Peer, byte[] Data)> datagrams = [];
        while (!bytes.IsEmpty)
        {
            Span<byte> room = reader.GetMemory().Span;
            int taken = Math.Min(room.Length, bytes.Length);
            bytes[..taken].CopyTo(room);
            bytes = bytes[taken..];
            reader.Advance(taken);
            while (reader.TryRead(out UdpMessage message))
            {
                datagrams.Add((message.Peer, message.Data.ToArray()));
            }
        }

        return datagrams;
    }
}
