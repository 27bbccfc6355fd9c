using System.Globalization;
using System.Text;

namespace RPort.Gateway.Agents.Commands;

/// <summary>Bounds texts of agents by their bytes.</summary>
internal static class TextHead
{
    /// <summary>The text, or as much of its head as fits together with a line that says so.</summary>
    public static string Of(string? text, int maxBytes)
    {
        if (string.IsNullOrEmpty(text) || (text.Length <= maxBytes / 3) || Encoding.UTF8.GetByteCount(text) is int bytes && bytes <= maxBytes)
        {
            return text ?? "";
        }

        string note = string.Create(CultureInfo.InvariantCulture, $"\n[cut by the server: only the head of {bytes} bytes is kept]");
        return string.Concat(text.AsSpan(0, CharsWithin(text, maxBytes - note.Length)), note);
    }

    private static int CharsWithin(string text, int maxBytes)
    {
        int chars = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            maxBytes -= rune.Utf8SequenceLength;
            if (maxBytes < 0)
            {
                break;
            }

            chars += rune.Utf16SequenceLength;
        }

        return chars;
    }
}
