namespace RPort.Silo.Configuration;

/// <summary>Where settings come from, the later source winning: appsettings.json, the file of <c>--config</c>, environment, command line.</summary>
public static class ConfigurationSources
{
    /// <summary>Prefix of environment variables; sections are separated by two underscores, as in <c>RPORT_Api__Address</c>.</summary>
    private const string EnvironmentPrefix = "RPORT_";

    public static IConfigurationBuilder AddRPortSources(this IConfigurationBuilder configuration, string[] args)
    {
        (string? file, string[] rest) = TakeConfigFile(args);
        configuration.SetBasePath(Directory.GetCurrentDirectory());
        configuration.AddJsonFile("appsettings.json", optional: true, reloadOnChange: false);
        if (file is not null)
        {
            configuration.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
        }

        return configuration.AddInMemoryCollection(FromEnvironment()).AddCommandLine(rest);
    }

    private static (string? File, string[] Settings) TakeConfigFile(string[] args)
    {
        string? file = null;
        var rest = new List<string>();
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i].StartsWith("--config=", StringComparison.Ordinal))
            {
                file = args[i]["--config=".Length..];
            }
            else if (args[i] == "--config")
            {
                file = ++i < args.Length ? args[i] : throw new ConfigurationMistakeException("--config needs the name of a JSON file.");
            }
            else if (args[i].StartsWith("--", StringComparison.Ordinal))
            {
                rest.Add(args[i]);
                if (!args[i].Contains('='))
                {
                    // What has no value would be passed over, or take the next setting for its value.
                    rest.Add(++i < args.Length && !args[i].StartsWith("--", StringComparison.Ordinal)
                        ? args[i]
                        : throw new ConfigurationMistakeException($"Argument '{args[i - 1]}' has no value; settings have the form --Section:Key=VALUE (see --help)."));
                }
            }
            else
            {
                throw new ConfigurationMistakeException($"Argument '{args[i]}' is not understood; settings have the form --Section:Key=VALUE (see --help).");
            }
        }

        return (file, [.. rest]);
    }

    /// <summary>Only names with a section: RPORT_AUTH and RPORT_FINGERPRINT on the same machine are an agent's.</summary>
    private static IEnumerable<KeyValuePair<string, string?>> FromEnvironment()
    {
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase) && name.Contains("__", StringComparison.Ordinal))
            {
                yield return new(name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal), (string?)variable.Value);
            }
        }
    }
}
