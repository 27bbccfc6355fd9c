namespace RPort.Silo.Configuration;

/// <summary>Refuses to start on a key nobody reads: a mistyped limit must not be a silent default.</summary>
public static class UnknownKeys
{
    /// <summary>Sections the platform reads.</summary>
    private static readonly string[] PlatformSections = ["Logging"];

    /// <summary>Throws a <see cref="ConfigurationMistakeException"/> that names every unknown key and the nearest known one.</summary>
    public static void Refuse(IConfiguration configuration, IEnumerable<OptionsSection> sections)
    {
        KnownKey[] known = [.. sections.SelectMany(KnownKey.Of)];
        string[] unknown = [.. configuration.AsEnumerable().Where(pair => pair.Value is not null).Select(pair => pair.Key).Where(key => !IsKnown(key, known)).Order(StringComparer.OrdinalIgnoreCase)];
        if (unknown.Length > 0)
        {
            throw new ConfigurationMistakeException(string.Join(Environment.NewLine, unknown.Select(key => Describe(key, known))));
        }
    }

    private static bool IsKnown(string key, KnownKey[] known) =>
        PlatformSections.Any(section => IsBelow(key, section))
        || known.Any(k => key.Equals(k.Key, StringComparison.OrdinalIgnoreCase) || (k.HasChildren && IsBelow(key, k.Key)));

    private static bool IsBelow(string key, string parent) =>
        key.StartsWith(parent + ":", StringComparison.OrdinalIgnoreCase);

    private static string Describe(string key, KnownKey[] known)
    {
        KnownKey? near = known.MinBy(k => Distance(k.Key, key));
        string hint = near is not null && Distance(near.Key, key) <= 3 ? $" Did you mean '{near.Key}'?" : "";
        return $"Unknown configuration key '{key}'.{hint}";
    }

    /// <summary>How many letters have to change (Levenshtein), without case.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(diagonal + change, Math.Min(row[j], row[j - 1]) + 1));
            }
        }

        return row[b.Length];
    }
}
