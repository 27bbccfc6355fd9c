using System.Text;

namespace RPort.Ssh.Sftp;

/// <summary>
/// A client's request as far as a read-only server looks into it (draft-ietf-secsh-filexfer-02 section 6). Only the fields of its type are set.
/// </summary>
/// <param name="Type">What is asked; may be a number of no meaning.</param>
/// <param name="Id">Comes back in the answer.</param>
/// <param name="IsMalformed">A field is missing or is no valid name.</param>
internal readonly record struct SftpRequest(SftpPacketType Type, uint Id, bool IsMalformed = false)
{
    /// <summary>Path, or the name of an extended request.</summary>
    public string Name { get; private init; } = "";

    /// <summary>The handle; 0, which is never given out, when the client names one that cannot be ours.</summary>
    public uint Handle { get; private init; }

    public ulong Offset { get; private init; }

    /// <summary>Bytes wanted by READ.</summary>
    public uint Count { get; private init; }

    public SftpOpenFlags Flags { get; private init; }

    /// <summary>Parses a packet without its length. False when there is not even an id to answer to.</summary>
    public static bool TryParse(ReadOnlySpan<byte> packet, out SftpRequest request)
    {
        var reader = new SftpReader(packet);
        if (!reader.TryReadByte(out byte type) || !reader.TryReadUInt32(out uint id))
        {
            request = default;
            return false;
        }

        request = new SftpRequest((SftpPacketType)type, id);
        request = Parse(request, ref reader) ?? (request with { IsMalformed = true });
        return true;
    }

    private static SftpRequest? Parse(SftpRequest request, ref SftpReader reader) => request.Type switch
    {
        SftpPacketType.Open => ParseOpen(request, ref reader),
        SftpPacketType.Read => ParseRead(request, ref reader),
        SftpPacketType.Close or SftpPacketType.FStat => WithHandle(request, ref reader),
        SftpPacketType.Stat or SftpPacketType.LStat or SftpPacketType.RealPath or SftpPacketType.Extended => WithName(request, ref reader),
        _ => request,
    };

    private static SftpRequest? ParseOpen(SftpRequest request, ref SftpReader reader) =>
        WithName(request, ref reader) is { } named && reader.TryReadUInt32(out uint flags) && reader.TryReadAttributes(out _)
            ? named with { Flags = (SftpOpenFlags)flags }
            : null;

    private static SftpRequest? ParseRead(SftpRequest request, ref SftpReader reader) =>
        WithHandle(request, ref reader) is { } read && reader.TryReadUInt64(out ulong offset) && reader.TryReadUInt32(out uint count)
            ? read with { Offset = offset, Count = count }
            : null;

    private static SftpRequest? WithHandle(SftpRequest request, ref SftpReader reader)
    {
        if (!reader.TryReadString(out ReadOnlySpan<byte> handle))
        {
            return null;
        }

        var inner = new SftpReader(handle);
        return inner.TryReadUInt32(out uint number) && inner.Remaining == 0 ? request with { Handle = number } : request;
    }

    private static SftpRequest? WithName(SftpRequest request, ref SftpReader reader)
    {
        // A zero byte ends a name for most of those who would be handed it, and so turns one name into another.
        if (!reader.TryReadString(out ReadOnlySpan<byte> bytes) || bytes.Contains((byte)0))
        {
            return null;
        }

        try
        {
            return request with { Name = SftpWire.StrictUtf8.GetString(bytes) };
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
