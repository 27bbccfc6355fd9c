using Microsoft.Extensions.Logging;
using RPort.Agent.Configuration;
using RPort.Agent.Logging;
using RPort.Load.Agents;
using RPort.Load.Scenarios;

namespace RPort.Load.Soak;

/// <summary>The whole agents of a soak, and the misfortune that strikes one of them now and then.</summary>
internal sealed class SoakFleet : IAsyncDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(3);

    private readonly SoakPlan _plan;
    private readonly CancellationTokenSource _stop = new();
    private readonly StreamWriter _log;
    private readonly WholeAgent[] _agents;
    private Task _running = Task.CompletedTask;
    private int _cuts;

    private SoakFleet(Bench bench, SoakPlan plan, PushLedger ledger, string fingerprint)
    {
        _plan = plan;
        _log = new StreamWriter(Path.Combine(bench.Gateway.Folder, "agents.log"));
        LineLogger log = new(_log, LogLevel.Warning, TimeProvider.System);
        _agents = [.. Enumerable.Range(0, bench.Settings.Agents).Select(number => new WholeAgent(OptionsOf(bench, fingerprint, number), RootOf(bench, number), ledger, Counts, plan.RandomOf("backoff", number), log))];
    }

    public FleetCounts Counts { get; } = new();

    public int Agents => _agents.Length;

    /// <summary>Connections that were cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    public static string IdOf(int number) => $"soak-{number:00000}";

    public static async Task<SoakFleet> StartAsync(Bench bench, SoakPlan plan, PushLedger ledger, CancellationToken cancellationToken)
    {
        SoakFleet fleet = new(bench, plan, ledger, await bench.Api.FingerprintAsync(cancellationToken));
        fleet._running = Task.WhenAll(fleet._agents.Select(agent => Task.Run(() => agent.RunAsync(fleet._stop.Token), CancellationToken.None)));
        try
        {
            await fleet.Counts.ReachAsync(fleet.Agents, LongestStart, cancellationToken);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Cuts one connection after another until the token fires.</summary>
    public async Task CutAsync(CancellationToken cancellationToken)
    {
        Random random = _plan.RandomOf("cuts");
        while (_plan.CutsPerMinute > 0)
        {
            await Task.Delay(TimeSpan.FromMinutes(2.0 / _plan.CutsPerMinute) * random.NextDouble(), cancellationToken);
            if (_agents[random.Next(_agents.Length)].Cut())
            {
                Interlocked.Increment(ref _cuts);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        Array.ForEach(_agents, static agent => agent.Dispose());
        _stop.Dispose();
        await _log.DisposeAsync();
    }

    private static string RootOf(Bench bench, int number) => Path.Combine(bench.Gateway.Folder, "placed", IdOf(number));

    private static AgentOptions OptionsOf(Bench bench, string fingerprint, int number)
    {
        AgentOptions options = new();
        options.Client.Id = options.Client.Name = IdOf(number);
        options.Client.Server = bench.Gateway.Agents.ToString();
        options.Client.Fingerprint = fingerprint;
        options.Client.Auth = bench.Settings.AgentAuth;
        options.Client.AllowRoot = true;
        options.Client.DataDir = Path.Combine(bench.Gateway.Folder, "agents", IdOf(number));
        options.Client.BindAddress = bench.Settings.AddressOf(number).ToString();
        options.FileReception.AllowSudo = false;
        options.FileReception.Protected = [RootOf(bench, number) + PlannedPush.Protected];
        return options;
    }
}
