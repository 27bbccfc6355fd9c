using System.Text.Json.Nodes;

namespace RPort.EndToEnd.Kit;

/// <summary>A real agent process with a data folder of its own. Survives its own SIGKILL: <see cref="Start"/> again.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private readonly string _configFile;
    private ChildProcess? _process;

    public AgentProcess(TempFolder folder, string id, string url, string fingerprint, JsonObject? configuration = null)
    {
        Id = id;
        DataDir = folder.Create($"agent-{id}");
        Received = folder.Create($"received-{id}");
        configuration ??= [];
        JsonObject client = configuration["Client"] as JsonObject ?? [];
        configuration["Client"] = client;
        client.TryAdd("Server", url);
        client.TryAdd("Fingerprint", fingerprint);
        client.TryAdd("Auth", $"fleet:{GatewayProcess.AgentPassword}");
        client.TryAdd("Id", id);
        client.TryAdd("Name", $"name of {id}");
        client.TryAdd("DataDir", DataDir);
        client.TryAdd("AllowRoot", true);
        _configFile = folder[$"agent-{id}.json"];
        File.WriteAllText(_configFile, configuration.ToJsonString());
        File.SetUnixFileMode(_configFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public string Id { get; }

    public string DataDir { get; }

    /// <summary>A folder for this agent's received files, empty at first.</summary>
    public string Received { get; }

    public ChildProcess Process => _process ?? throw new InvalidOperationException("The agent was never started.");

    public static AgentProcess Start(TempFolder folder, GatewayProcess gateway, string id, JsonObject? configuration = null)
    {
        AgentProcess agent = new(folder, id, gateway.AgentsUrl, gateway.Fingerprint, configuration);
        agent.Start();
        return agent;
    }

    /// <summary>
    /// Where set, the agent runs in a mount namespace of its own in which this folder is its <see cref="Received"/>: so many agents of one
    /// machine can have the same destination path, as agents of many machines have.
    /// </summary>
    public string? ReceivedAs { get; init; }

    /// <summary>A PEM file of certificates the agent trusts instead of the system's.</summary>
    public string? TrustedCertificates { get; init; }

    public void Start()
    {
        string[] agent = ["dotnet", Built.Agent, "--config", _configFile];
        string[] command = ReceivedAs is null
            ? agent
            : ["unshare", "--mount", "--propagation", "private", "sh", "-c", "mount --bind \"$0\" \"$1\" && shift && exec \"$@\"", Received, ReceivedAs, .. agent];
        _process = new ChildProcess($"agent {Id}", command[0], command[1..],
            TrustedCertificates is null ? null : new Dictionary<string, string?> { ["SSL_CERT_FILE"] = TrustedCertificates, ["SSL_CERT_DIR"] = DataDir }, DataDir);
    }

    public Task KillAsync() => Process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
