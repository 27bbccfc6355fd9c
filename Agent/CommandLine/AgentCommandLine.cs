using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text;
using RPort.Agent.Configuration;

namespace RPort.Agent.CommandLine;

/// <summary>The program's options and commands. What an option sets is a key of <see cref="ConfigurationSchema"/>.</summary>
internal sealed class AgentCommandLine
{
    private readonly List<(Option<string[]> Option, string Path)> _settings = [];
    private readonly List<(Option<bool> Option, string Path)> _flags = [];
    private readonly Option<string?> _file = new("--config", "-c") { Description = $"Configuration file; without it {ConfigurationLoader.DefaultFile}, if there is one", Recursive = true };
    private readonly Option<string[]> _set = new("--set") { Description = "Any key: --set Section:Key=value (again for more)", Recursive = true, HelpName = "Section:Key=value" };
    private readonly RootCommand _root;

    /// <param name="run">Runs the agent until it is told to stop; answers the exit code.</param>
    public AgentCommandLine(Func<LoadedConfiguration, CancellationToken, Task<int>> run, TextWriter output, TextWriter errors)
    {
        _root = new RootCommand(Description()) { _file };
        Setting("--server", "Client:Server");
        Setting("--fallback-server", "Client:FallbackServers");
        Setting("--fingerprint", "Client:Fingerprint");
        Setting("--auth", "Client:Auth", "; seen by everybody in the process list, prefer --auth-file");
        Setting("--auth-file", "Client:AuthFile");
        Setting("--proxy", "Client:Proxy");
        Setting("--id", "Client:Id");
        Setting("--name", "Client:Name");
        Setting("--tag", "Client:Tags");
        Setting("--label", "Client:Labels", ": name=value");
        Setting("--data-dir", "Client:DataDir");
        Setting("--log-level", "Logging:Level");
        Flag("--allow-root", "Client:AllowRoot");
        Flag("--allow-unpinned", "Client:AllowUnpinned");
        _root.Options.Add(_set);
        _root.SetAction((parsed, cancellationToken) =>
        {
            LoadedConfiguration loaded = Load(parsed);
            ConfigurationReport.WriteProblems(loaded, errors);
            return loaded.Errors.Count > 0 ? Task.FromResult(1) : run(loaded, cancellationToken);
        });

        Command check = new("check-config", "Print every effective value and where it came from, secrets masked; exit code 1 with the errors if there are any");
        check.SetAction(parsed =>
        {
            LoadedConfiguration loaded = Load(parsed);
            ConfigurationReport.WriteValues(loaded, output);
            ConfigurationReport.WriteProblems(loaded, errors);
            return loaded.Errors.Count > 0 ? 1 : 0;
        });
        _root.Subcommands.Add(check);
    }

    public Task<int> InvokeAsync(string[] arguments, CancellationToken cancellationToken)
    {
        ParseResult parsed = _root.Parse(arguments);
        if (parsed.Action is ParseErrorAction error)
        {
            error.ShowHelp = false; // the help is long enough to push what is wrong off the screen
        }

        // Signals are the supervisor's: the library is not to catch them.
        return parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, cancellationToken);
    }

    /// <summary>Reads all sources for these arguments, as a run with them would.</summary>
    public LoadedConfiguration Load(string[] arguments) => Load(_root.Parse(arguments));

    private LoadedConfiguration Load(ParseResult parsed)
    {
        List<ConfigurationEntry> entries = [];
        foreach ((Option<string[]> option, string path) in _settings)
        {
            AddSetting(parsed.GetValue(option) ?? [], path, option.Name, entries);
        }

        foreach ((Option<bool> option, string path) in _flags)
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                entries.Add(new ConfigurationEntry(path, parsed.GetValue(option) ? "true" : "false", option.Name));
            }
        }

        foreach (string pair in parsed.GetValue(_set) ?? [])
        {
            int cut = pair.IndexOf('=', StringComparison.Ordinal);
            entries.Add(new ConfigurationEntry(cut < 0 ? pair : pair[..cut], cut < 0 ? "true" : pair[(cut + 1)..], "--set"));
        }

        return ConfigurationLoader.Load(parsed.GetValue(_file), Environment.GetEnvironmentVariables(), entries);
    }

    private static void AddSetting(string[] values, string path, string origin, List<ConfigurationEntry> entries)
    {
        bool parts = ConfigurationSchema.Find(path)!.Value.Key.TakesParts;
        for (int i = 0; i < values.Length; i++)
        {
            int cut = values[i].IndexOf('=', StringComparison.Ordinal);
            entries.Add(path == "Client:Labels" && cut > 0 ? new ConfigurationEntry($"{path}:{values[i][..cut]}", values[i][(cut + 1)..], origin)
                : parts ? new ConfigurationEntry($"{path}:{i}", values[i], origin)
                : new ConfigurationEntry(path, values[i], origin));
        }
    }

    private void Setting(string name, string path, string more = "")
    {
        ConfigurationKey key = ConfigurationSchema.Find(path)!.Value.Key;
        Option<string[]> option = new(name) { Description = key.Summary + more + (key.TakesParts ? " (again for more)" : ""), Recursive = true, HelpName = key.Name };
        _settings.Add((option, path));
        _root.Options.Add(option);
    }

    private void Flag(string name, string path)
    {
        Option<bool> option = new(name) { Description = ConfigurationSchema.Find(path)!.Value.Key.Summary, Recursive = true };
        _flags.Add((option, path));
        _root.Options.Add(option);
    }

    private static string Description()
    {
        StringBuilder text = new();
        text.AppendLine("The RPort agent: makes this machine reachable through a gateway that it dials.");
        text.AppendLine();
        text.AppendLine("Configuration is read from a JSON file, then the environment, then the command line; the later one wins.");
        text.AppendLine($"  file         {ConfigurationLoader.DefaultFile}, or --config, or {ConfigurationLoader.FileVariable}");
        text.AppendLine($"  environment  RPORT_SECTION__KEY, such as RPORT_CLIENT__SERVER; lists with commas; short: {string.Join(", ", ConfigurationSchema.ShortVariables.Keys)}");
        text.AppendLine("  commands     SIGTERM ends, SIGHUP reconnects at once");
        text.AppendLine();
        text.AppendLine("Keys:");
        AgentOptions defaults = new();
        foreach (ConfigurationKey key in ConfigurationSchema.All)
        {
            string value = key.Show(defaults);
            text.AppendLine($"  {key.Path,-34} {key.Summary}{(value.Length == 0 ? "" : $" [{value}]")}");
        }

        return text.ToString().TrimEnd();
    }
}
