using System.Collections;

namespace RPort.Agent.Configuration;

/// <summary>What came of reading all sources. Usable only without <see cref="Errors"/>.</summary>
internal sealed class LoadedConfiguration
{
    public AgentOptions Options { get; } = new();

    /// <summary>The configuration file that was read; null where there was none.</summary>
    public string? File { get; set; }

    /// <summary>Where each key's value came from, by key path; keys that are absent have their default.</summary>
    public Dictionary<string, string> Origins { get; } = new(StringComparer.OrdinalIgnoreCase);

    public List<string> Errors { get; } = [];

    public List<string> Warnings { get; } = [];
}

/// <summary>Reads the configuration: file, then environment, then command line; the later one wins, key by key (lists as a whole).</summary>
internal static class ConfigurationLoader
{
    public const string FileVariable = "RPORT_CONFIG";

    public static string DefaultFile { get; } = OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "rport", "agent.json")
        : "/etc/rport/agent.json";

    /// <summary>Reads all sources and checks everything, collecting every error.</summary>
    /// <param name="file">The file named on the command line, or null: the one the environment names, or the default one if it is there.</param>
    /// <param name="variables">The environment.</param>
    /// <param name="commandLine">What the command line says.</param>
    public static LoadedConfiguration Load(string? file, IDictionary variables, IReadOnlyList<ConfigurationEntry> commandLine)
    {
        LoadedConfiguration loaded = new();
        file ??= variables[FileVariable] as string;
        List<IReadOnlyList<ConfigurationEntry>> sources = [];
        if (file is { Length: > 0 } || File.Exists(DefaultFile))
        {
            file = loaded.File = file is { Length: > 0 } ? file : DefaultFile;
            sources.Add(ConfigurationSources.ReadFile(file, loaded.Errors));
        }

        sources.Add(ConfigurationSources.ReadEnvironment(variables, loaded.Errors));
        sources.Add(commandLine);

        Dictionary<ConfigurationKey, ConfigurationValue> values = [];
        Dictionary<ConfigurationKey, int> weights = [];
        for (int weight = 0; weight < sources.Count; weight++)
        {
            foreach ((ConfigurationKey key, ConfigurationValue value) in Collect(sources[weight], loaded.Errors))
            {
                values[key] = value;
                weights[key] = weight;
            }
        }

        Apply(values, loaded);
        ResolveAuth(weights, loaded);
        CrossChecks.Run(loaded);
        if (file is not null && loaded.Origins.TryGetValue("Client:Auth", out string? origin) && origin == $"file {file}")
        {
            WarnOfReaders(file, "holds Client:Auth", loaded.Warnings);
        }

        return loaded;
    }

    private static Dictionary<ConfigurationKey, ConfigurationValue> Collect(IReadOnlyList<ConfigurationEntry> entries, List<string> errors)
    {
        Dictionary<ConfigurationKey, ConfigurationValue> values = [];
        foreach (ConfigurationEntry entry in entries)
        {
            if (ConfigurationSchema.Find(entry.Path) is not var (key, part))
            {
                string hint = NearestName.Find(entry.Path, ConfigurationSchema.All.Select(k => k.Path)) is { } near ? $"; the nearest is {near.Name}" : "";
                errors.Add($"{entry.Path}: no such key{hint} ({entry.Origin})");
                continue;
            }

            if (!values.TryGetValue(key, out ConfigurationValue? value))
            {
                values[key] = value = new ConfigurationValue(entry.Origin);
            }

            if (part is not null)
            {
                value.Add(part, entry.Text);
            }
            else if (entry.EmptyList)
            {
                value.Parts ??= [];
            }
            else
            {
                value.Text = entry.Text;
            }
        }

        return values;
    }

    private static void Apply(Dictionary<ConfigurationKey, ConfigurationValue> values, LoadedConfiguration loaded)
    {
        foreach ((ConfigurationKey key, ConfigurationValue value) in values)
        {
            loaded.Origins[key.Path] = value.Origin;
            string? broken = value is { Text: not null, Parts: not null } ? "is given both whole and in parts" : key.Apply(loaded.Options, value);
            if (broken is not null)
            {
                string shown = key.Secret || value.Text is null ? "" : $" = \"{value.Text}\"";
                loaded.Errors.Add($"{key.Path}{shown}: {broken} ({value.Origin})");
            }
        }
    }

    /// <summary>Of Auth and AuthFile, the one from the heavier source counts; both from one source is a mistake.</summary>
    private static void ResolveAuth(Dictionary<ConfigurationKey, int> weights, LoadedConfiguration loaded)
    {
        int auth = Weight("Client:Auth");
        int authFile = Weight("Client:AuthFile");
        ClientOptions client = loaded.Options.Client;
        if (client.AuthFile.Length == 0)
        {
            return;
        }

        if (auth == authFile && client.Auth.Length > 0)
        {
            loaded.Errors.Add("Client:Auth, Client:AuthFile: only one of them may be given");
        }
        else if (authFile > auth)
        {
            if (SecretFile.Read(client.AuthFile, loaded.Errors, loaded.Warnings) is { } secret)
            {
                loaded.Origins["Client:Auth"] = $"file {client.AuthFile}";
                if (ValueRules.Auth(secret) is { } broken)
                {
                    loaded.Errors.Add($"Client:AuthFile = \"{client.AuthFile}\": its first line {broken}");
                }

                client.Auth = secret;
            }
        }

        int Weight(string path) => weights.TryGetValue(ConfigurationSchema.Find(path)!.Value.Key, out int weight) ? weight : -1;
    }

    private static void WarnOfReaders(string file, string why, List<string> warnings)
    {
        if (SecretFile.Readers(file) is { Length: > 0 } readers)
        {
            warnings.Add($"{file}: {why} and can be read by {readers}; chmod 600 it, or use Client:AuthFile");
        }
    }
}
