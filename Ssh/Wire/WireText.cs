using System.Text;

namespace RPort.Ssh.Wire;

/// <summary>Text of the peer's choosing, made fit for a log line.</summary>
internal static class WireText
{
    private const int MaxChars = 1024;

    public static string Printable(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxChars)]); // bad bytes become U+FFFD
        return string.Create(text.Length, text, static (chars, source) =>
        {
            for (int i = 0; i < chars.Length; i++)
            {
                chars[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
    }
}
