using RPort.Ssh.Sftp;

namespace RPort.Ssh.Tests.Sftp;

/// <summary>Builds packets the way the draft writes them down, for both ends.</summary>
internal static class Packets
{
    /// <summary>Packet types, small numbers and the edges of a byte: what a damaged packet should often hold.</summary>
    public static readonly byte[] MeaningfulBytes = [0, 1, 0x7f, 0x80, 0xff, 3, 101, 103, 200];

    public static readonly byte[] Init = Make(writer =>
    {
        writer.Begin(SftpPacketType.Init);
        writer.UInt32(3);
    });

    public static readonly byte[] Version = Make(writer =>
    {
        writer.Begin(SftpPacketType.Version);
        writer.UInt32(3);
    });

    public static byte[] Open(uint id, string path, SftpOpenFlags flags = SftpOpenFlags.Read) => Make(writer =>
    {
        writer.Begin(SftpPacketType.Open, id);
        writer.String(path);
        writer.UInt32((uint)flags);
        writer.UInt32(0);
    });

    public static byte[] Read(uint id, uint handle, ulong offset, uint count) => Make(writer =>
    {
        writer.Begin(SftpPacketType.Read, id);
        Handle(writer, handle);
        writer.UInt64(offset);
        writer.UInt32(count);
    });

    public static byte[] WithHandle(SftpPacketType type, uint id, uint handle) => Make(writer =>
    {
        writer.Begin(type, id);
        Handle(writer, handle);
    });

    public static byte[] WithPath(SftpPacketType type, uint id, string path) => Make(writer =>
    {
        writer.Begin(type, id);
        writer.String(path);
    });

    public static byte[] Status(uint id, SftpStatus status) => Make(writer =>
    {
        writer.Begin(SftpPacketType.Status, id);
        writer.UInt32((uint)status);
        writer.String("text of the server");
        writer.String("");
    });

    public static byte[] HandleAnswer(uint id) => Make(writer =>
    {
        writer.Begin(SftpPacketType.Handle, id);
        writer.String("h"u8);
    });

    public static byte[] Data(uint id, ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        return Make(writer =>
        {
            writer.Begin(SftpPacketType.Data, id);
            writer.String(copy);
        });
    }

    public static byte[] Attributes(uint id, SftpAttributes attributes) => Make(writer =>
    {
        writer.Begin(SftpPacketType.Attributes, id);
        writer.Attributes(attributes);
    });

    public static byte[] Make(Action<SftpWriter> write)
    {
        using var writer = new SftpWriter(64);
        write(writer);
        writer.End();
        return writer.Written.ToArray();
    }

    private static void Handle(SftpWriter writer, uint handle)
    {
        writer.UInt32(4);
        writer.UInt32(handle);
    }
}
