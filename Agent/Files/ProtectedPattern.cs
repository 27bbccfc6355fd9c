namespace RPort.Agent.Files;

/// <summary>One protected place: a glob (or a literal path) that covers what it names and everything below.</summary>
internal sealed class ProtectedPattern
{
    private ProtectedPattern(string text, IReadOnlyList<NameGlob> names) => (Text, Names) = (text, names);

    /// <summary>As the operator wrote it.</summary>
    public string Text { get; }

    /// <summary>One glob per part of the path.</summary>
    public IReadOnlyList<NameGlob> Names { get; }

    /// <exception cref="FormatException">The glob is not one, or is not absolute and would protect nothing.</exception>
    public static ProtectedPattern Parse(string text, PathRules rules)
    {
        IReadOnlyList<string> parts = rules.SplitGlob(text) ?? throw new FormatException($"invalid glob pattern {text}: not an absolute path");
        bool foldCase = rules.Comparison == StringComparison.OrdinalIgnoreCase;
        return new ProtectedPattern(
            text, [.. parts.Select(part => NameGlob.Parse(part, rules.GlobEscapes, foldCase) ?? throw new FormatException($"invalid glob pattern {text}: syntax error in pattern"))]);
    }

    public bool Covers(FilePath path)
    {
        if (path.Parts.Count < Names.Count) { return false; }
        for (int i = 0; i < Names.Count; i++)
        {
            if (!Names[i].Matches(path.Parts[i])) { return false; }
        }

        return true;
    }
}
