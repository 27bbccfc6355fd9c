using System.Net;
using RPort.Ssh;

namespace RPort.Load.Agents;

/// <summary>So many agents in this process.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly DialGate _gate;
    private readonly LoadAgent[] _agents;
    private readonly List<Task> _running = [];

    public Fleet(LoadSettings settings, IPEndPoint gateway, string fingerprint, int agents, int first = 0)
    {
        int colon = settings.AgentAuth.IndexOf(':', StringComparison.Ordinal);
        SshClientOptions login = new()
        {
            UserName = settings.AgentAuth[..colon],
            Password = settings.AgentAuth[(colon + 1)..],
            VerifyHostKey = key => key.Matches(fingerprint),
        };
        _gate = new DialGate(settings.Parallel);
        Pushes = new PushTaker(Counts);
        FleetParts parts = new(new Dial(gateway), login, _gate, Counts, Pushes);
        _agents = [.. Enumerable.Range(first, agents).Select(number => new LoadAgent(number, parts, settings.AddressOf(number)))];
    }

    public FleetCounts Counts { get; } = new();

    public PushTaker Pushes { get; }

    public IReadOnlyList<LoadAgent> Agents => _agents;

    public void Start() => _running.AddRange(_agents.Select(agent => Task.Run(() => agent.RunAsync(_stop.Token))));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _gate.Dispose();
        _stop.Dispose();
    }
}
