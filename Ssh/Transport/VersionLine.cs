using System.Text;

namespace RPort.Ssh.Transport;

/// <summary>The version exchange (RFC 4253 §4.2): one identification line, which other lines may precede.</summary>
internal static class VersionLine
{
    /// <summary>Longest identification with its line end.</summary>
    public const int MaxBytes = 255;

    /// <summary>Everything before the identification, together. Generous for a greeting, nothing for a flood.</summary>
    public const int MaxPreambleBytes = 8192;

    /// <summary>Looks for the identification at the start of the stream.</summary>
    /// <param name="input">Everything received so far.</param>
    /// <param name="line">The identification without its line end.</param>
    /// <param name="consumed">Bytes up to and with its line end.</param>
    /// <returns>False when more input is needed.</returns>
    /// <exception cref="SshProtocolException">What came is not, and can not become, a version exchange.</exception>
    public static bool TryRead(ReadOnlySpan<byte> input, out string line, out int consumed)
    {
        line = "";
        consumed = 0;
        while (true)
        {
            ReadOnlySpan<byte> rest = input[consumed..];
            bool isIdentification = rest.StartsWith("SSH-"u8);
            int end = rest.IndexOf((byte)'\n');
            if (isIdentification && (end < 0 ? rest.Length : end + 1) > MaxBytes)
            {
                throw new SshProtocolException(SshDisconnectReason.ProtocolVersionNotSupported, "The identification line is too long.");
            }

            if (!isIdentification && consumed + (end < 0 ? rest.Length : end + 1) > MaxPreambleBytes)
            {
                throw new SshProtocolException(SshDisconnectReason.ProtocolVersionNotSupported, "Too much text before the identification line.");
            }

            if (end < 0)
            {
                return false;
            }

            consumed += end + 1;
            if (isIdentification)
            {
                ReadOnlySpan<byte> text = rest[..end];
                if (text.EndsWith((byte)'\r'))
                {
                    text = text[..^1];
                }

                if (text.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e))
                {
                    throw new SshProtocolException(SshDisconnectReason.ProtocolVersionNotSupported, "The identification line is not printable ASCII.");
                }

                line = Encoding.ASCII.GetString(text);
                return true;
            }
        }
    }

    public static byte[] Encode(string line)
    {
        if (!line.StartsWith("SSH-", StringComparison.Ordinal) || line.Length + 2 > MaxBytes || line.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new ArgumentException("The version line must begin with SSH- and be at most 253 printable ASCII characters.", nameof(line));
        }

        return Encoding.ASCII.GetBytes(line + "\r\n");
    }
}
