namespace RPort.Grains.Clients;

/// <summary>A filter value: text where <c>*</c> stands for any text, compared without case. Matching allocates nothing.</summary>
internal sealed class TextPattern
{
    private readonly string[] _parts; // what stands between the stars; a pattern without a star has one part

    public TextPattern(string pattern) => _parts = pattern.Split('*');

    public bool Matches(ReadOnlySpan<char> text)
    {
        if (_parts.Length == 1)
        {
            return text.Equals(_parts[0], StringComparison.OrdinalIgnoreCase);
        }

        string head = _parts[0];
        string tail = _parts[^1];
        if (text.Length < head.Length + tail.Length
            || !text.StartsWith(head, StringComparison.OrdinalIgnoreCase)
            || !text.EndsWith(tail, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // The parts in the middle as early as they come: if they fit at all they fit so.
        ReadOnlySpan<char> rest = text[head.Length..^tail.Length];
        foreach (string part in _parts.AsSpan(1, _parts.Length - 2))
        {
            int at = rest.IndexOf(part, StringComparison.OrdinalIgnoreCase);
            if (at < 0)
            {
                return false;
            }

            rest = rest[(at + part.Length)..];
        }

        return true;
    }
}
