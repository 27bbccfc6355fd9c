using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using RPort.Agent.Configuration;
using RPort.Agent.Connection;
using RPort.Agent.Files;
using RPort.Agent.Inventory;
using RPort.Agent.Logging;
using RPort.Agent.Session;
using RPort.Agent.Supervision;

namespace RPort.Agent;

/// <summary>Puts the agent together and runs it until a signal or its caller ends it.</summary>
/// <param name="options">Checked.</param>
/// <param name="configurationFile">Where they were read from, if from a file: no push may replace it.</param>
/// <param name="logger">Takes every event.</param>
/// <param name="clock">The time of everything.</param>
/// <param name="isRoot">Whether the process has root's rights.</param>
internal sealed class AgentHost(AgentOptions options, string? configurationFile, ILogger logger, TimeProvider clock, bool isRoot)
{
    /// <summary>After a signal, the longest wait for an orderly end.</summary>
    private static readonly TimeSpan StopWait = TimeSpan.FromSeconds(15);

    /// <summary>Answers the process's exit code: 0 after an orderly end, 1 when it could not start.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (Obstacle() is { } obstacle)
        {
            logger.CannotStart(obstacle);
            return 1;
        }

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ReconnectSignal reconnect = new();
        using PosixSignalRegistration terminate = On(PosixSignal.SIGTERM, stop.Cancel);
        using PosixSignalRegistration interrupt = On(PosixSignal.SIGINT, stop.Cancel);
        using PosixSignalRegistration hangUp = On(PosixSignal.SIGHUP, reconnect.Give);
        using SystemdNotifier? manager = SystemdNotifier.FromEnvironment(Environment.GetEnvironmentVariables());
        HealthDeadline health = new(clock);

        AgentIdentity identity = AgentIdentity.From(options.Client);
        logger.Starting(identity.Version, identity.Id, identity.Name, identity.SessionId);
        await RunPartsAsync(identity, reconnect, manager, health, stop.Token).ConfigureAwait(false);
        logger.Stopped();
        return 0;
    }

    private async Task RunPartsAsync(
        AgentIdentity identity, ReconnectSignal reconnect, SystemdNotifier? manager, HealthDeadline health, CancellationToken cancellationToken)
    {
        using FileReceiver receiver = new(
            options.FileReception, options.Client.DataDir, clock, new CategoryLogger<FileReceiver>(logger), new FileReceiverSettings { ConfigFile = configurationFile });
        Supervisor supervisor = CreateSupervisor(identity, receiver, reconnect, health, new AgentStatus(manager));
        manager?.Send("READY=1"); // configured and running; being connected is no condition of having started
        Task watchdog = manager is null ? Task.CompletedTask : new Watchdog(manager, health, clock).RunAsync(cancellationToken);
        Task receiving = receiver.RunAsync(cancellationToken);
        Task supervising = supervisor.RunAsync(cancellationToken);
        await Task.WhenAny(supervising, receiving).ConfigureAwait(false); // either ends early only by a defect, thrown below
        manager?.Send("STOPPING=1");
        await Task.WhenAll(supervising, receiving).WaitAsync(StopWait, clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await watchdog.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Supervisor CreateSupervisor(AgentIdentity identity, IPushReceiver receiver, ReconnectSignal reconnect, HealthDeadline health, AgentStatus status)
    {
        ClientOptions client = options.Client;
        GatewayLogin login = new(
            client.Auth, client.Fingerprint, $"SSH-2.0-RPortAgent_{identity.Version}", key => logger.UnexpectedHostKey(key.Sha256, key.Md5));
        SessionParts parts = new(
            options,
            new GatewayDialer(client, options.Connection, $"rport {identity.Version}").DialAsync,
            login,
            new Registration(options, identity, new MachineProbe(clock), logger),
            receiver,
            health,
            clock,
            logger);
        return new Supervisor(
            new ConnectionPlan([Parse(client.Server), .. client.FallbackServers.Select(Parse)], client.ServerSwitchbackInterval, options.Connection.ConnectTimeout),
            async (server, token) => await GatewaySession.OpenAsync(parts, server, token).ConfigureAwait(false),
            new Backoff(TimeSpan.FromSeconds(1), options.Connection.MaxRetryInterval, Random.Shared),
            reconnect,
            health,
            status,
            clock,
            logger);
    }

    /// <summary>What keeps the agent from starting; null for nothing.</summary>
    private string? Obstacle()
    {
        if (isRoot && !options.Client.AllowRoot)
        {
            return "running as root is refused; use a user of its own, or set Client:AllowRoot";
        }

        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(options.Client.DataDir);
            }
            else
            {
                Directory.CreateDirectory(options.Client.DataDir, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"Client:DataDir = \"{options.Client.DataDir}\" cannot be made: {error.Message}";
        }
    }

    private static ServerAddress Parse(string text) => ServerAddress.TryParse(text, out ServerAddress? address, out string? broken)
        ? address
        : throw new ArgumentException($"\"{text}\" {broken}", nameof(text)); // the configuration was checked before

    private static PosixSignalRegistration On(PosixSignal signal, Action act) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true; // the default is to end the process
        act();
    });
}
