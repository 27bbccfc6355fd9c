using System.Buffers;
using System.Text;

namespace RPort.Ssh.Sftp;

/// <summary>
/// A server's answer to one request: what follows the id, or the file bytes alone for DATA, in a rented buffer. Whoever awaited the answer
/// disposes it once. One that nobody awaits any more is left to the garbage collector, which costs the pool a buffer and harms nobody.
/// </summary>
internal readonly struct SftpAnswer(SftpPacketType type, byte[] rented, int length) : IDisposable
{
    // The draft's limit (section 6.3).
    private const int MaxHandleBytes = 256;

    // Text of a server ends up in messages and logs; nobody needs more of it.
    private const int MaxTextBytes = 1024;

    public SftpPacketType Type => type;

    public ReadOnlyMemory<byte> Body => rented.AsMemory(0, length);

    /// <summary>The code of STATUS; null for any other answer and for a STATUS without one.</summary>
    public SftpStatus? Status
    {
        get
        {
            var reader = new SftpReader(Body.Span);
            return type == SftpPacketType.Status && reader.TryReadUInt32(out uint code) ? (SftpStatus)code : null;
        }
    }

    /// <summary>Throws unless this is STATUS with OK.</summary>
    public void ThrowUnlessOk()
    {
        if (Status != SftpStatus.Ok)
        {
            throw Unexpected();
        }
    }

    /// <summary>The handle of HANDLE.</summary>
    public byte[] ReadHandle()
    {
        var reader = new SftpReader(Body.Span);
        return type == SftpPacketType.Handle && reader.TryReadString(out ReadOnlySpan<byte> handle) && handle.Length is > 0 and <= MaxHandleBytes
            ? handle.ToArray()
            : throw Unexpected();
    }

    /// <summary>The attributes of ATTRS.</summary>
    public SftpAttributes ReadAttributes()
    {
        var reader = new SftpReader(Body.Span);
        return type == SftpPacketType.Attributes && reader.TryReadAttributes(out SftpAttributes attributes) ? attributes : throw Unexpected();
    }

    /// <summary>The first name of NAME.</summary>
    public string ReadName()
    {
        var reader = new SftpReader(Body.Span);
        return type == SftpPacketType.Name && reader.TryReadUInt32(out uint count) && count > 0 && reader.TryReadString(out ReadOnlySpan<byte> name)
            ? Encoding.UTF8.GetString(name)
            : throw Unexpected();
    }

    /// <summary>What to throw when this is not the answer that was asked for: the server's complaint, or ours about the server.</summary>
    public SftpException Unexpected()
    {
        if (Status is null or SftpStatus.Ok)
        {
            return new SftpException(SftpStatus.BadMessage, $"An answer of type {(byte)type} that does not fit the request.");
        }

        var reader = new SftpReader(Body.Span);
        reader.TryReadUInt32(out uint code);
        string text = reader.TryReadString(out ReadOnlySpan<byte> bytes) ? Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxTextBytes)]) : "";
        return new SftpException((SftpStatus)code, text.Length > 0 ? text : $"SFTP status {code}.");
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(rented);
}
