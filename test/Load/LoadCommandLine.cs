using System.CommandLine;
using RPort.Load.Scenarios;
using RPort.Load.Server;

namespace RPort.Load;

/// <summary>The program's commands and options.</summary>
internal sealed class LoadCommandLine
{
    private readonly Option<string> _gateway = Text("--gateway", "", "Path of RPort.Gateway.dll: a server of its own is started, with a temporary data folder");
    private readonly Option<string> _server = Text("--server", "", "A running gateway instead: ws://address:port of its agent port");
    private readonly Option<string> _api = Text("--api", "", "Its API: http://address:port");
    private readonly Option<int> _process = Number("--server-pid", 0, 0, int.MaxValue, "Its process id, for CPU and memory; 0: not measured");
    private readonly Option<string> _agentAuth = Text("--auth", "load:load-password", "Credential of the agents, id:password");
    private readonly Option<string> _apiAuth = Text("--api-auth", "admin:load-password", "Credential of the operator, user:password");
    private readonly Option<string[]> _set = new("--set") { Description = "A setting for the started gateway, such as Agents:MaxConcurrentHandshakes=256 (again for more)", Recursive = true, HelpName = "Section:Key=value" };
    private readonly Option<int> _agents = Number("--agents", 1000, 1, 20_000, "Agents (1 to 20000)");
    private readonly Option<int> _addresses = Number("--addresses", 4, 1, 250, "Loopback addresses they come from, 127.0.0.1 and up: one has 28,000 ports, and by default 512 handshakes at a time");
    private readonly Option<int> _parallel = Number("--parallel", 256, 1, 20_000, "Dials under way at a time");
    private readonly Option<int> _warm = Number("--warm", 500, 0, 20_000, "Agents that connect and leave before anything is measured, so that the server has compiled its code");
    private readonly Option<int> _settle = Number("--settle", 30, 0, 3600, "Seconds of idleness before memory is measured");
    private readonly Option<string> _json = Text("--json", "", "Also write the figures to this file");
    private readonly RootCommand _root = new(
        "Puts load on a gateway: thousands of agents in one process, with real sessions over real WebSockets.\n"
        + "Each agent takes one open file here and one in the gateway: ulimit -Hn must be the number of agents plus 500.");

    public LoadCommandLine()
    {
        foreach (Option option in new Option[] { _gateway, _server, _api, _process, _agentAuth, _apiAuth, _set, _agents, _addresses, _parallel, _warm, _settle, _json })
        {
            _root.Options.Add(option);
        }

        Option<int> bytes = Number("--bytes", 10_240, 1, 100 << 20, "Bytes of the file");
        Option<int> rounds = Number("--rounds", 1, 1, 100, "Pushes, one after the other");
        Option<int> requests = Number("--requests", 200, 1, 100_000, "Requests, one after the other");
        Option<int> tunnels = Number("--tunnels", 50, 1, 5000, "Tunnels, each through an agent of its own");
        Option<int> message = Number("--message", 64, 1, 1 << 20, "Bytes of a message");
        Option<int> seconds = Number("--seconds", 10, 1, 3600, "Seconds of traffic");
        Add("storm", "All agents connect as fast as the gateway admits them", [], (bench, _, token) => Storm.RunAsync(bench, token));
        Add("idle", "All agents are connected and do nothing: memory and CPU of the server", [], (bench, _, token) => Idle.RunAsync(bench, token));
        Add("ping", "Each agent pings the server", [], (bench, _, token) => Ping.RunAsync(bench, token));
        Add("push", "One file to all agents, until every result is recorded", [bytes, rounds], (bench, parsed, token) => Push.RunAsync(bench, parsed.GetValue(bytes), parsed.GetValue(rounds), token));
        Add("reconnect", "The gateway is killed (-9) and started again, until all agents are back; needs --gateway", [], (bench, _, token) => Reconnect.RunAsync(bench, token));
        Add("list", "GET /clients with a filter and a sort", [requests], (bench, parsed, token) => List.RunAsync(bench, parsed.GetValue(requests), token));
        Add("tunnels", "Echoes through tunnels", [tunnels, message, seconds], (bench, parsed, token) => Tunnels.RunAsync(
            bench, Math.Min(parsed.GetValue(tunnels), bench.Settings.Agents), parsed.GetValue(message), TimeSpan.FromSeconds(parsed.GetValue(seconds)), token));
    }

    public Task<int> InvokeAsync(string[] arguments) => _root.Parse(arguments).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });

    private void Add(string name, string description, Option[] options, Func<Bench, ParseResult, CancellationToken, Task> run)
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
                LoadSettings settings = Read(parsed);
                DescriptorLimit.Check(settings.Agents, perAgent: 1);
                await using Bench bench = await Bench.OpenAsync(settings, name, token);
                await run(bench, parsed, token);
                bench.Report.Print(Console.Out);
                if (settings.Json.Length > 0)
                {
                    bench.Report.Save(settings.Json);
                }

                return 0;
            }
            catch (LoadException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return 1;
            }
        });
        _root.Subcommands.Add(command);
    }

    private LoadSettings Read(ParseResult parsed)
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
            Agents = parsed.GetValue(_agents),
            Addresses = parsed.GetValue(_addresses),
            Parallel = parsed.GetValue(_parallel),
            Warm = Math.Min(parsed.GetValue(_warm), parsed.GetValue(_agents)),
            Settle = TimeSpan.FromSeconds(parsed.GetValue(_settle)),
            Json = parsed.GetValue(_json)!,
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
