using System.CommandLine;
using RPort.Load.Scenarios;
using RPort.Load.Server;
using RPort.Load.Soak;

namespace RPort.Load;

/// <summary>The program's commands and options.</summary>
internal sealed class LoadCommandLine
{
    private readonly Option<string> _gateway = Text("--gateway", "", "Path of RPort.Gateway.dll, or of the published RPort.Gateway: a server of its own is started, with a temporary data folder");
    private readonly Option<string> _server = Text("--server", "", "A running gateway instead: ws://address:port of its agent port");
    private readonly Option<string> _api = Text("--api", "", "Its API: http://address:port");
    private readonly Option<int> _process = Number("--server-pid", 0, 0, int.MaxValue, "Its process id, for CPU and memory; 0: not measured");
    private readonly Option<string> _agentAuth = Text("--auth", "load:load-password", "Credential of the agents, id:password");
    private readonly Option<string> _apiAuth = Text("--api-auth", "admin:load-password", "Credential of the operator, user:password");
    private readonly Option<string[]> _set = new("--set") { Description = "A setting for the started gateway, such as Agents:MaxConcurrentHandshakes=256 (again for more)", Recursive = true, HelpName = "Section:Key=value" };
    private readonly Option<int> _agents = Number("--agents", 1000, 1, 20_000, "Agents (1 to 20000)");
    private readonly Option<int> _first = Number("--first", 0, 0, 100_000, "Number of the first agent, where another process has those before it");
    private readonly Option<int> _addresses = Number("--addresses", 4, 1, 250, "Loopback addresses they come from, 127.0.0.1 and up: one has 28,000 ports, and by default 512 handshakes at a time");
    private readonly Option<int> _parallel = Number("--parallel", 256, 1, 20_000, "Dials under way at a time");
    private readonly Option<int> _warm = Number("--warm", 500, 0, 20_000, "Agents that connect and leave before anything is measured, so that the server has compiled its code");
    private readonly Option<int> _settle = Number("--settle", 30, 0, 3600, "Seconds of idleness before memory is measured");
    private readonly Option<string> _json = Text("--json", "", "Also write the figures to this file");
    private readonly Option<string> _folder = Text("--folder", "", "Where the started server keeps data and logs, which then stay; must be empty or not exist. Without it: a temporary folder");
    private readonly RootCommand _root = new(
        "Puts load on a gateway: thousands of agents in one process, with real sessions over real WebSockets.\n"
        + "Each agent takes one open file here and one in the gateway: ulimit -Hn must be the number of agents plus 500.");

    public LoadCommandLine()
    {
        foreach (Option option in new Option[] { _gateway, _server, _api, _process, _agentAuth, _apiAuth, _set, _agents, _first, _addresses, _parallel, _warm, _settle, _json, _folder })
        {
            _root.Options.Add(option);
        }

        Option<int> bytes = Number("--bytes", 10_240, 1, 100 << 20, "Bytes of the file");
        Option<int> rounds = Number("--rounds", 1, 1, 100, "Pushes, one after the other");
        Option<int> requests = Number("--requests", 200, 1, 100_000, "Requests, one after the other");
        Option<int> tunnels = Number("--tunnels", 50, 1, 5000, "Tunnels, each through an agent of its own");
        Option<int> message = Number("--message", 64, 1, 1 << 20, "Bytes of a message");
        Option<int> seconds = Number("--seconds", 10, 1, 3600, "Seconds of traffic");
        Option<int> beside = Number("--beside", 0, 0, 5000, "Agents that are connected before and work on: what they notice of the storm, which then comes from a process of its own at the lowest priority");
        Add("storm", "All agents (5000 unless --agents tells) connect as fast as the gateway admits them", [beside], (bench, parsed, token) => Storm.RunAsync(bench, parsed.GetValue(beside), token), agents: 5000);
        Add("idle", "All agents are connected and do nothing: memory and CPU of the server", [], (bench, _, token) => Idle.RunAsync(bench, token));
        Add("ping", "Each agent pings the server", [], (bench, _, token) => Ping.RunAsync(bench, token));
        Add("push", "One file to all agents, until every result is recorded", [bytes, rounds], (bench, parsed, token) => Push.RunAsync(bench, parsed.GetValue(bytes), parsed.GetValue(rounds), token));
        Add("reconnect", "The gateway is killed (-9) and started again, until all agents are back; needs --gateway", [], (bench, _, token) => Reconnect.RunAsync(bench, token));
        Add("list", "GET /clients with a filter and a sort", [requests], (bench, parsed, token) => List.RunAsync(bench, parsed.GetValue(requests), token));
        Add("tunnels", "Echoes through tunnels", [tunnels, message, seconds], (bench, parsed, token) => Tunnels.RunAsync(
            bench, Math.Min(parsed.GetValue(tunnels), bench.Settings.Agents), parsed.GetValue(message), TimeSpan.FromSeconds(parsed.GetValue(seconds)), token));
        AddSoak();
    }

    private void AddSoak()
    {
        Option<double> minutes = new("--minutes") { Description = "How long it goes on, before the calm in which all must settle (0.2 to 10080)", DefaultValueFactory = static _ => 30 };
        minutes.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<double>() is < 0.2 or > 10_080)
            {
                result.AddError("--minutes must be from 0.2 to 10080.");
            }
        });
        Option<int> seed = Number("--seed", 1, int.MinValue, int.MaxValue, "What the random numbers begin with");
        Option<int> kills = Number("--kills", 2, 0, 1000, "Times the server is killed (-9) and started again, spread over the first half");
        Option<int> tcp = Number("--tcp-tunnels", 100, 0, 5000, "TCP tunnels, each with a user who compares what is echoed");
        Option<int> udp = Number("--udp-tunnels", 20, 0, 5000, "UDP tunnels, likewise");
        Option<int> pushes = Number("--pushes", 60, 0, 6000, "Pushes per minute, of 1 KB to 1 MB, to 1 to 32 agents");
        Option<int> cuts = Number("--cuts", 60, 0, 60_000, "Agents per minute whose connection is cut without a goodbye");
        Add(
            "soak",
            "500 whole agents (unless --agents tells), tunnels in use, pushes, cut links and a killed server for long: nothing may be lost, wrong or grow; exit code 1 otherwise. Needs --gateway",
            [minutes, seed, kills, tcp, udp, pushes, cuts],
            async (bench, parsed, token) =>
            {
                SoakPlan plan = new()
                {
                    Duration = TimeSpan.FromMinutes(parsed.GetValue(minutes)),
                    Seed = parsed.GetValue(seed),
                    Kills = parsed.GetValue(kills),
                    TcpTunnels = parsed.GetValue(tcp),
                    UdpTunnels = parsed.GetValue(udp),
                    PushesPerMinute = parsed.GetValue(pushes),
                    CutsPerMinute = parsed.GetValue(cuts),
                };
                using SoakRun run = new(bench, plan);
                await run.RunAsync(token);
            },
            agents: 500,
            handles: 3);
    }

    public Task<int> InvokeAsync(string[] arguments) => _root.Parse(arguments).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });

    /// <param name="agents">How many there are unless told; 0 for what the option says.</param>
    /// <param name="handles">Files each agent takes, here or in the gateway, at most.</param>
    private void Add(string name, string description, Option[] options, Func<Bench, ParseResult, CancellationToken, Task> run, int agents = 0, int handles = 1)
    {
        Command command = new(name, description);
        foreach (Option option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction(async (parsed, token) =>
        {
            try
            {
                bool given = parsed.GetResult(_agents) is { Implicit: false };
                LoadSettings settings = Read(parsed, given || agents == 0 ? parsed.GetValue(_agents) : agents);
                DescriptorLimit.Check(settings.Agents, handles);
                await using Bench bench = await Bench.OpenAsync(settings, name, token);
                await run(bench, parsed, token);
                bench.Report.Print(Console.Out);
                if (settings.Json.Length > 0)
                {
                    bench.Report.Save(settings.Json);
                }

                return bench.Report.Violations.Count == 0 ? 0 : 1;
            }
            catch (LoadException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return 1;
            }
        });
        _root.Subcommands.Add(command);
    }

    private LoadSettings Read(ParseResult parsed, int agents)
    {
        LoadSettings settings = new()
        {
            Gateway = parsed.GetValue(_gateway)!,
            Server = parsed.GetValue(_server)!,
            Api = parsed.GetValue(_api)!,
            ServerProcess = parsed.GetValue(_process),
            AgentAuth = parsed.GetValue(_agentAuth)!,
            ApiAuth = parsed.GetValue(_apiAuth)!,
            GatewaySettings = parsed.GetValue(_set) ?? [],
            Agents = agents,
            First = parsed.GetValue(_first),
            Addresses = parsed.GetValue(_addresses),
            Parallel = parsed.GetValue(_parallel),
            Warm = Math.Min(parsed.GetValue(_warm), agents),
            Settle = TimeSpan.FromSeconds(parsed.GetValue(_settle)),
            Json = parsed.GetValue(_json)!,
            Folder = parsed.GetValue(_folder)!,
        };
        if (Mistake(settings) is { } mistake)
        {
            throw new LoadException(mistake);
        }

        return settings;
    }

    private static string? Mistake(LoadSettings settings)
    {
        if (settings.Gateway.Length > 0)
        {
            return settings.Server.Length + settings.Api.Length > 0 ? "give either --gateway, or --server and --api"
                : Directory.Exists(settings.Folder) && Directory.EnumerateFileSystemEntries(settings.Folder).Any() ? $"--folder {settings.Folder} is not empty"
                : File.Exists(settings.Gateway) ? CredentialMistake(settings)
                : $"--gateway {settings.Gateway} is no file; build it first: dotnet build Gateway -c Release";
        }

        return !Uri.TryCreate(settings.Server, UriKind.Absolute, out Uri? server) || server.Scheme != "ws" || !System.Net.IPAddress.TryParse(server.Host, out _)
            ? "give --gateway, or --server as ws://address:port with a literal address"
            : !Uri.TryCreate(settings.Api, UriKind.Absolute, out Uri? api) || api.Scheme is not ("http" or "https") ? "give --api as http://address:port"
            : CredentialMistake(settings);
    }

    private static string? CredentialMistake(LoadSettings settings) =>
        settings.AgentAuth.IndexOf(':', StringComparison.Ordinal) < 1 ? "--auth must be id:password"
        : settings.ApiAuth.IndexOf(':', StringComparison.Ordinal) < 1 ? "--api-auth must be user:password"
        : settings.GatewaySettings.FirstOrDefault(static setting => !setting.Contains('=', StringComparison.Ordinal)) is { } broken ? $"--set {broken} must be Section:Key=value"
        : null;

    private static Option<string> Text(string name, string value, string description) =>
        new(name) { Description = description, Recursive = true, DefaultValueFactory = _ => value };

    private static Option<int> Number(string name, int value, int least, int most, string description)
    {
        Option<int> option = new(name) { Description = description, Recursive = true, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int number) && (number < least || number > most))
            {
                result.AddError($"{name} must be from {least} to {most}.");
            }
        });
        return option;
    }
}
