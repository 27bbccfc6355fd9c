using Microsoft.Extensions.Logging;
using RPort.Agent.Configuration;
using RPort.Agent.Connection;
using RPort.Agent.Files;
using RPort.Agent.Inventory;
using RPort.Agent.Logging;
using RPort.Agent.Session;
using RPort.Agent.Supervision;
using RPort.Load.Agents;

namespace RPort.Load.Soak;

/// <summary>The agent as it is shipped, less its process: supervisor, session, tunnels and file reception, put together as its own host does it.</summary>
internal sealed class WholeAgent : IDisposable
{
    private readonly GatewayDialer _dialer;
    private readonly FileReceiver _receiver;
    private readonly Supervisor _supervisor;
    private Stream? _link;

    public WholeAgent(AgentOptions options, string root, PushLedger ledger, FleetCounts counts, Random random, ILogger log)
    {
        Directory.CreateDirectory(options.Client.DataDir);
        ILogger logger = new AgentLogger(options.Client.Id, log);
        AgentIdentity identity = AgentIdentity.From(options.Client);
        HealthDeadline health = new(TimeProvider.System);
        _dialer = new GatewayDialer(options.Client, options.Connection, $"rport {identity.Version}");
        _receiver = new FileReceiver(options.FileReception, options.Client.DataDir, TimeProvider.System, new CategoryLogger<FileReceiver>(logger));
        SessionParts parts = new(
            options,
            DialAsync,
            new GatewayLogin(options.Client.Auth, options.Client.Fingerprint, $"SSH-2.0-RPortAgent_{identity.Version}", key => logger.UnexpectedHostKey(key.Sha256, key.Md5)),
            new Registration(options, identity, new MachineProbe(TimeProvider.System), logger),
            new PushWitness(_receiver, options.Client.Id, root, ledger),
            health,
            TimeProvider.System,
            logger);
        _supervisor = new Supervisor(
            new ConnectionPlan([Parse(options.Client.Server)], options.Client.ServerSwitchbackInterval, options.Connection.ConnectTimeout),
            async (server, token) => new CountedSession(await GatewaySession.OpenAsync(parts, server, token), counts),
            new Backoff(TimeSpan.FromSeconds(1), options.Connection.MaxRetryInterval, random),
            new ReconnectSignal(),
            health,
            new AgentStatus(null),
            TimeProvider.System,
            logger);
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_supervisor.RunAsync(cancellationToken), _receiver.RunAsync(cancellationToken));

    /// <summary>The TCP connection ends as it does with the machine's power: nothing is said. False where there is none.</summary>
    public bool Cut()
    {
        Stream? link = Interlocked.Exchange(ref _link, null);
        link?.Dispose();
        return link is not null;
    }

    public void Dispose()
    {
        Cut();
        _receiver.Dispose();
    }

    private async Task<Stream> DialAsync(ServerAddress server, CancellationToken cancellationToken)
    {
        Stream link = await _dialer.DialAsync(server, cancellationToken);
        Volatile.Write(ref _link, link);
        return link;
    }

    private static ServerAddress Parse(string text) =>
        ServerAddress.TryParse(text, out ServerAddress? address, out string? broken) ? address : throw new LoadException($"{text} {broken}");
}
