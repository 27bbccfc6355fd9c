namespace RPort.Gateway.Queries;

/// <summary>A value of a filter: compared without case, <c>*</c> stands for any text.</summary>
internal static class ValuePattern
{
    /// <summary>In time proportional to the product of both lengths at worst.</summary>
    public static bool Matches(string pattern, string text)
    {
        int at = 0;
        int next = 0;
        int star = -1;
        int resume = 0;
        while (at < text.Length)
        {
            if (next < pattern.Length && pattern[next] == '*')
            {
                star = next++;
                resume = at;
            }
            else if (next < pattern.Length && char.ToUpperInvariant(pattern[next]) == char.ToUpperInvariant(text[at]))
            {
                next++;
                at++;
            }
            else if (star >= 0)
            {
                next = star + 1;
                at = ++resume; // the star takes one character more
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(next).TrimStart('*').IsEmpty;
    }
}
