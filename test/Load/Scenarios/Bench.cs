using System.Diagnostics;
using System.Globalization;
using System.Net;
using RPort.Load.Agents;
using RPort.Load.Figures;
using RPort.Load.Server;

namespace RPort.Load.Scenarios;

/// <summary>A gateway, an operator and a report: what every scenario starts from. Owns a gateway that it started.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private static readonly TimeSpan LongestStorm = TimeSpan.FromMinutes(5);

    private readonly LoadSettings _settings;
    private readonly GatewayProcess? _gateway;

    private Bench(LoadSettings settings, string scenario)
    {
        _settings = settings;
        Report = new Report($"{scenario}, {settings.Agents} agents");
        _gateway = settings.Gateway.Length > 0 ? new GatewayProcess(settings) : null;
        Api = new OperatorApi(_gateway?.Api ?? new Uri(settings.Api), settings.ApiAuth);
    }

    public LoadSettings Settings => _settings;

    public Report Report { get; }

    public OperatorApi Api { get; }

    public GatewayProcess Gateway => _gateway ?? throw new LoadException("this needs a gateway of its own: give --gateway");

    /// <summary>The server before any agent came, once it had compiled its code.</summary>
    public ProcessFigures Empty { get; private set; }

    public ProcessFigures Server => ProcessFigures.Of(_gateway?.Id ?? _settings.ServerProcess);

    private IPEndPoint Door
    {
        get
        {
            Uri uri = _gateway?.Agents ?? new Uri(_settings.Server);
            return new IPEndPoint(IPAddress.Parse(uri.Host), uri.Port);
        }
    }

    public static async Task<Bench> OpenAsync(LoadSettings settings, string scenario, CancellationToken cancellationToken)
    {
        Bench bench = new(settings, scenario);
        try
        {
            await bench.ReadyAsync(cancellationToken);
            if (settings.Warm > 0)
            {
                Progress($"warming the server with {settings.Warm} agents");
                await using Fleet warm = await bench.CreateFleetAsync(settings.Warm, cancellationToken);
                warm.Start();
                await warm.Counts.ReachAsync(settings.Warm, LongestStorm, cancellationToken);
            }

            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
            bench.Empty = bench.Server;
            bench.Report.Add("machine now, one thread", Machine.SignaturesPerSecond(), "P-256 signatures/s");
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    public Task ReadyAsync(CancellationToken cancellationToken) => Api.WaitReadyAsync(() => _gateway is { HasExited: true }, cancellationToken);

    /// <summary>The fleet, connected; what that took is in the report.</summary>
    public async Task<Fleet> StormAsync(CancellationToken cancellationToken)
    {
        Fleet fleet = await CreateFleetAsync(_settings.Agents, cancellationToken);
        try
        {
            Progress($"connecting {_settings.Agents} agents");
            long start = Stopwatch.GetTimestamp();
            ProcessFigures before = Server;
            fleet.Start();
            await fleet.Counts.ReachAsync(_settings.Agents, LongestStorm, cancellationToken);
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            TimeSpan cpu = Server.Cpu - before.Cpu;
            Report.Add("all connected after", took.TotalSeconds, "s");
            Report.Add("rate", _settings.Agents / took.TotalSeconds, "agents/s");
            Report.AddPercentiles("connect", fleet.Counts.Connects);
            AddWaits(fleet);
            AddFailures(fleet);
            Report.Add("server CPU of the storm", cpu.TotalSeconds, "s");
            Report.Add("server CPU per agent", cpu.TotalMilliseconds / _settings.Agents, "ms");
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>How long single agents were without a connection, and what the fleet holds open now.</summary>
    public void AddWaits(Fleet fleet)
    {
        Report.Add("wait of an agent p50", fleet.Counts.Waits.Percentile(0.5) / 1000, "s");
        Report.Add("wait of an agent p99", fleet.Counts.Waits.Percentile(0.99) / 1000, "s");
        Report.Add("longest wait of an agent", fleet.Counts.Waits.Percentile(1) / 1000, "s");
        Report.Add("answered 503", fleet.Counts.Busy, "");
        Report.Add("server handles", Server.Handles, "");
        Report.Add("own handles", ProcessFigures.Of(Environment.ProcessId).Handles, "");
    }

    public void AddFailures(Fleet fleet)
    {
        Report.Add("failures", fleet.Counts.Failures, "");
        if (fleet.Counts.FailureTexts is { Length: > 0 } texts)
        {
            Progress($"failures: {texts}");
        }

        fleet.Counts.Clear();
    }

    public static void Progress(string text) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {text}");

    /// <summary>Agents that are not started yet.</summary>
    public async Task<Fleet> CreateFleetAsync(int agents, CancellationToken cancellationToken) =>
        new(_settings, Door, await Api.FingerprintAsync(cancellationToken), agents, _settings.First);

    /// <summary>The arguments with which another process of this program puts its load on the same gateway.</summary>
    public string[] ArgumentsForAnother(string scenario, int first, string json) =>
    [
        scenario, "--server", _gateway?.Agents.ToString() ?? _settings.Server, "--api", _gateway?.Api.ToString() ?? _settings.Api,
        "--server-pid", Text(_gateway?.Id ?? _settings.ServerProcess), "--auth", _settings.AgentAuth, "--api-auth", _settings.ApiAuth,
        "--agents", Text(_settings.Agents), "--first", Text(first), "--addresses", Text(_settings.Addresses), "--parallel", Text(_settings.Parallel),
        "--warm", "0", "--json", json,
    ];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        _gateway?.Dispose();
        await ValueTask.CompletedTask;
    }
}
