namespace RPort.Agent.Files;

/// <summary>
/// Where no push may write. Every path is judged twice by its caller: as written, and with all links followed. Places that are links themselves protect what
/// they point to as well (<c>/lib</c> protects <c>/usr/lib</c> where one is the other); that is looked up once, when this is made.
/// </summary>
internal sealed class ProtectedPaths
{
    private readonly List<ProtectedPattern> _patterns = [];
    private readonly List<(FilePath Place, string Text)> _places = [];
    private readonly StringComparison _comparison;

    /// <exception cref="FormatException">A glob is malformed.</exception>
    public ProtectedPaths(IEnumerable<string> globs, IEnumerable<string> literals, IPlatformFiles files)
    {
        _comparison = files.Rules.Comparison;
        foreach (string glob in globs)
        {
            ProtectedPattern pattern = ProtectedPattern.Parse(glob, files.Rules);
            _patterns.Add(pattern);
            foreach (FilePath existing in Existing(pattern, files)) { AddResolved(existing, glob, files); }
        }

        foreach (string literal in literals)
        {
            if (files.Rules.Clean(literal, out _) is { } place)
            {
                _places.Add((place, literal));
                AddResolved(place, literal, files);
            }
        }
    }

    /// <summary>Why <paramref name="path"/> is refused; null where it is not protected.</summary>
    public string? Refusal(FilePath path)
    {
        foreach (ProtectedPattern pattern in _patterns)
        {
            if (pattern.Covers(path)) { return Refusal(path, pattern.Text, pattern.Names.Count); }
        }

        foreach ((FilePath place, string text) in _places)
        {
            if (Covers(place, path)) { return Refusal(path, text, place.Parts.Count); }
        }

        return null;
    }

    private static string Refusal(FilePath path, string pattern, int depth) =>
        $"target path {(depth < path.Parts.Count ? path.Folder : path)} matches protected pattern {pattern}, therefore the file push request is rejected";

    private bool Covers(FilePath place, FilePath path)
    {
        if (path.Parts.Count < place.Parts.Count) { return false; }
        for (int i = 0; i < place.Parts.Count; i++)
        {
            if (!string.Equals(place.Parts[i], path.Parts[i], _comparison)) { return false; }
        }

        return true;
    }

    private void AddResolved(FilePath place, string text, IPlatformFiles files)
    {
        try
        {
            FilePath resolved = files.Resolve(place);
            if (!resolved.SameAs(place)) { _places.Add((resolved, text)); }
        }
        catch (PushFailedException)
        {
            // A place we may not look at: its name is still protected, and what is behind it cannot be reached by us either.
        }
    }

    private static IEnumerable<FilePath> Existing(ProtectedPattern pattern, IPlatformFiles files)
    {
        List<FilePath> found = [new FilePath(files.Rules, [])];
        foreach (NameGlob name in pattern.Names)
        {
            found = [.. found.SelectMany(folder => files.Children(folder, name))];
        }

        return found;
    }
}
