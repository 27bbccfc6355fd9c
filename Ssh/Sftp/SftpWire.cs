using System.Text;

namespace RPort.Ssh.Sftp;

/// <summary>Numbers of the wire format that several parts need.</summary>
internal static class SftpWire
{
    /// <summary>The only version spoken here.</summary>
    public const uint Version = 3;

    /// <summary>The <c>uint32 length</c> in front of each packet; it does not count itself.</summary>
    public const int LengthBytes = 4;

    /// <summary>Length, type and request id.</summary>
    public const int HeaderBytes = LengthBytes + 1 + 4;

    /// <summary>What precedes the file bytes of a DATA answer: header and the length of the data.</summary>
    public const int DataHeaderBytes = HeaderBytes + 4;

    /// <summary>Packet types and values above are given by the draft; this one says a client asks what a server allows.</summary>
    public const string LimitsExtension = "limits@openssh.com";

    /// <summary>Names are UTF-8 by agreement; bytes that are none are refused rather than changed, since a changed name is another file.</summary>
    public static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
