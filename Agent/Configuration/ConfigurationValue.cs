namespace RPort.Agent.Configuration;

/// <summary>What one source says about one key: a single text, or the parts of a list or of a map.</summary>
/// <param name="Origin">The source, for people: <c>file /etc/rport/agent.json</c>, <c>environment RPORT_AUTH</c>, <c>--auth</c>.</param>
internal sealed class ConfigurationValue(string origin)
{
    public string Origin { get; } = origin;

    /// <summary>The text, where a single one was given.</summary>
    public string? Text { get; set; }

    /// <summary>Parts by their index (lists) or name (maps), where such were given. Empty and not null for an empty list.</summary>
    public SortedDictionary<string, string>? Parts { get; set; }

    public void Add(string part, string text) => (Parts ??= new(PartOrder.Instance))[part] = text;

    /// <summary>Indices by their number, names by their spelling.</summary>
    private sealed class PartOrder : IComparer<string>
    {
        public static PartOrder Instance { get; } = new();

        public int Compare(string? x, string? y) => int.TryParse(x, out int a) && int.TryParse(y, out int b)
            ? a.CompareTo(b)
            : StringComparer.OrdinalIgnoreCase.Compare(x, y);
    }
}
