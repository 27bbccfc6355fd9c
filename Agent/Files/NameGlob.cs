namespace RPort.Agent.Files;

/// <summary>A glob over one name: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[^a-z]</c>, and a backslash before a literal character where the system's paths leave it free.</summary>
internal sealed class NameGlob
{
    private readonly string _pattern;
    private readonly bool _escapes;
    private readonly bool _foldCase;

    private NameGlob(string pattern, bool escapes, bool foldCase) => (_pattern, _escapes, _foldCase) = (pattern, escapes, foldCase);

    /// <summary>As written.</summary>
    public string Text => _pattern;

    /// <summary>True where the pattern is more than a name.</summary>
    public bool IsPattern => _pattern.AsSpan().IndexOfAny("*?[") >= 0 || (_escapes && _pattern.Contains('\\', StringComparison.Ordinal));

    /// <summary>The glob; null where its syntax is wrong.</summary>
    public static NameGlob? Parse(string pattern, bool escapes, bool foldCase)
    {
        for (int at = 0; at < pattern.Length;)
        {
            int length = TokenLength(pattern, at, escapes);
            if (length == 0) { return null; }
            at += length;
        }

        return new NameGlob(pattern, escapes, foldCase);
    }

    public bool Matches(string name)
    {
        // Greedy with one remembered star: linear in practice, quadratic at worst, never exponential.
        int at = 0, position = 0, star = -1, resume = 0;
        while (position < name.Length)
        {
            if (at < _pattern.Length && _pattern[at] == '*')
            {
                star = at++;
                resume = position;
            }
            else if (at < _pattern.Length && TokenMatches(at, name[position], out int length))
            {
                at += length;
                position++;
            }
            else if (star >= 0)
            {
                at = star + 1;
                position = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (at < _pattern.Length && _pattern[at] == '*') { at++; }
        return at == _pattern.Length;
    }

    private bool TokenMatches(int at, char c, out int length)
    {
        length = TokenLength(_pattern, at, _escapes);
        return _pattern[at] switch
        {
            '?' => true,
            '[' => ClassMatches(_pattern.AsSpan(at + 1, length - 2), Fold(c)),
            '\\' when _escapes => Fold(_pattern[at + 1]) == Fold(c),
            char literal => Fold(literal) == Fold(c),
        };
    }

    private bool ClassMatches(ReadOnlySpan<char> members, char c)
    {
        bool negated = members[0] == '^';
        if (negated) { members = members[1..]; }
        bool found = false;
        while (!members.IsEmpty)
        {
            char low = Member(ref members), high = low;
            if (members.Length > 1 && members[0] == '-')
            {
                members = members[1..];
                high = Member(ref members);
            }

            found |= Fold(low) <= c && c <= Fold(high);
        }

        return found != negated;
    }

    private char Member(ref ReadOnlySpan<char> members)
    {
        if (_escapes && members[0] == '\\' && members.Length > 1) { members = members[1..]; }
        char member = members[0];
        members = members[1..];
        return member;
    }

    /// <summary>How many characters of the pattern stand for one of the name (or are one star); 0 for wrong syntax.</summary>
    private static int TokenLength(string pattern, int at, bool escapes)
    {
        if (escapes && pattern[at] == '\\') { return at + 1 < pattern.Length ? 2 : 0; }
        if (pattern[at] != '[') { return 1; }
        int first = at + 1 < pattern.Length && pattern[at + 1] == '^' ? at + 2 : at + 1;
        for (int end = first; end < pattern.Length; end++)
        {
            if (escapes && pattern[end] == '\\') { end++; }
            else if (pattern[end] == ']') { return end == first ? 0 : end - at + 1; }
        }

        return 0;
    }

    private char Fold(char c) => _foldCase ? char.ToUpperInvariant(c) : c;
}
