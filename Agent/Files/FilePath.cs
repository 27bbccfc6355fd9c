namespace RPort.Agent.Files;

/// <summary>An absolute path with nothing left to clean: no empty, <c>.</c> or <c>..</c> parts. On Windows the drive, or server and share, are the first parts.</summary>
internal sealed class FilePath
{
    private readonly PathRules _rules;

    public FilePath(PathRules rules, IReadOnlyList<string> parts)
    {
        _rules = rules;
        Parts = parts;
        Text = rules.Join(parts);
    }

    public IReadOnlyList<string> Parts { get; }

    /// <summary>As the system takes it.</summary>
    public string Text { get; }

    /// <summary>The last part; empty for a root.</summary>
    public string Name => Parts.Count == 0 ? "" : Parts[^1];

    /// <summary>True where there is no folder above.</summary>
    public bool IsRoot => Parts.Count <= _rules.RootParts(Parts);

    /// <summary>The folder above; a root is its own.</summary>
    public FilePath Folder => IsRoot ? this : new FilePath(_rules, [.. Parts.Take(Parts.Count - 1)]);

    public FilePath Then(string name) => new(_rules, [.. Parts, name]);

    public bool SameAs(FilePath other) => string.Equals(Text, other.Text, _rules.Comparison);

    public override string ToString() => Text;
}
