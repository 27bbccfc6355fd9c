using System.ComponentModel;

namespace RPort.Silo.Configuration;

/// <summary>Where everything lies that must outlive the process. Bound from <c>Data</c>.</summary>
public sealed class DataOptions
{
    public const string Section = "Data";

    /// <summary>What the defaults of all other settings begin with.</summary>
    internal const string DefaultFolder = "data";

    [Description("Folder for all that must outlive the process. The defaults of other settings that begin with 'data' follow it. Relative paths are relative to the working directory.")]
    public string Folder { get; set; } = DefaultFolder;
}

/// <summary>Makes one setting move all data: whatever is not set itself and lies in <c>data</c> by default lies in <see cref="DataOptions.Folder"/> instead.</summary>
public static class DataFolder
{
    /// <summary>Call it when these sections are known and before any of them is read.</summary>
    public static void Apply(IConfigurationManager configuration, IEnumerable<OptionsSection> sections)
    {
        string folder = configuration[$"{DataOptions.Section}:{nameof(DataOptions.Folder)}"] is { Length: > 0 } set ? set : DataOptions.DefaultFolder;
        if (folder == DataOptions.DefaultFolder)
        {
            return;
        }

        Dictionary<string, string?> moved = [];
        foreach (KnownKey key in sections.SelectMany(KnownKey.Of))
        {
            if ((key.Default == DataOptions.DefaultFolder || key.Default.StartsWith(DataOptions.DefaultFolder + "/", StringComparison.Ordinal)) && configuration[key.Key] is null)
            {
                moved[key.Key] = Path.Combine(folder, key.Default[DataOptions.DefaultFolder.Length..].TrimStart('/'));
            }
        }

        configuration.AddInMemoryCollection(moved);
    }
}
