using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RPort.EndToEnd.Kit;

/// <summary>A real gateway process (silo included) with a data folder of its own. Survives its own SIGKILL: <see cref="StartAsync"/> again.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    public const string AgentPassword = "agent-password-0123456789";
    private const string Admin = "admin";
    private const string AdminPassword = "admin-password-0123456789";

    private readonly string _configFile;
    private readonly int _descriptors;
    private ChildProcess? _process;

    private GatewayProcess(TempFolder folder, JsonObject configuration, int descriptors)
    {
        _descriptors = descriptors;
        DataDir = folder.Create("gateway");
        ApiPort = Loopback.FreePort();
        AgentPort = Loopback.FreePort();
        Merge(configuration, "Api", new JsonObject { ["Address"] = $"127.0.0.1:{ApiPort}", ["Auth"] = $"{Admin}:{AdminPassword}" });
        Merge(configuration, "Agents", new JsonObject { ["Address"] = $"127.0.0.1:{AgentPort}", ["Auth"] = $"fleet:{AgentPassword}" });
        Merge(configuration, "Data", new JsonObject { ["Folder"] = DataDir });
        _configFile = folder["gateway.json"];
        File.WriteAllText(_configFile, configuration.ToJsonString());
        Api = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromSeconds(30) })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{ApiPort}/api/v1/"),
            Timeout = TimeSpan.FromMinutes(5),
            DefaultRequestHeaders = { Authorization = BasicAuthorization },
        };
    }

    public string DataDir { get; }

    public int ApiPort { get; }

    public int AgentPort { get; }

    public string AgentsUrl => $"ws://127.0.0.1:{AgentPort}";

    public HttpClient Api { get; }

    public ChildProcess Process => _process ?? throw new InvalidOperationException("The gateway was never started.");

    public string Fingerprint { get; private set; } = "";

    private IReadOnlyDictionary<string, string?>? Environment { get; init; }

    public static AuthenticationHeaderValue BasicAuthorization =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Admin}:{AdminPassword}")));

    /// <param name="folder">Where its data lies.</param>
    /// <param name="configuration">Its settings.</param>
    /// <param name="descriptors">How many files and sockets it may open; 0 for as many as these tests.</param>
    /// <param name="environment">Variables it gets beside those of these tests.</param>
    public static async Task<GatewayProcess> StartAsync(
        TempFolder folder, JsonObject? configuration = null, int descriptors = 0, IReadOnlyDictionary<string, string?>? environment = null)
    {
        GatewayProcess gateway = new(folder, configuration ?? [], descriptors) { Environment = environment };
        await gateway.StartAsync();
        return gateway;
    }

    /// <summary>Starts the process and waits until it is ready.</summary>
    public async Task StartAsync()
    {
        string[] command = ["dotnet", Built.Gateway, "--config", _configFile];
        if (_descriptors > 0)
        {
            command = ["sh", "-c", $"ulimit -n {_descriptors} && exec \"$0\" \"$@\"", .. command];
        }

        _process = new ChildProcess("gateway", command[0], command[1..], Environment, DataDir);
        using HttpClient health = new();
        await Eventually.TrueAsync("the gateway is ready", TimeSpan.FromSeconds(60), async () =>
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"The gateway ended with code {_process.ExitCode}:\n{_process.Tail()}");
            }

            try
            {
                return (await health.GetAsync($"http://127.0.0.1:{ApiPort}/health/ready")).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, () => _process.Tail());
        Fingerprint = (await GetDataAsync("status")).GetProperty("fingerprint").GetString()!;
    }

    public Task KillAsync() => Process.KillAsync();

    public async Task<JsonElement> GetDataAsync(string path)
    {
        using HttpResponseMessage response = await Api.GetAsync(path);
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"GET {path}: {(int)response.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement.GetProperty("data").Clone();
    }

    public Task ConnectedAsync(int clients, TimeSpan? limit = null) =>
        Eventually.TrueAsync($"{clients} clients are connected", limit ?? TimeSpan.FromSeconds(60),
            async () => (await GetDataAsync("status")).GetProperty("clients_connected").GetInt32() == clients, () => Process.Tail());

    public Task DisconnectedAsync(string client, TimeSpan? limit = null) =>
        Eventually.TrueAsync($"{client} is disconnected", limit ?? TimeSpan.FromSeconds(60),
            async () => (await GetDataAsync($"clients/{client}")).GetProperty("connection_state").GetString() == "disconnected", () => Process.Tail());

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }

    private static void Merge(JsonObject configuration, string section, JsonObject defaults)
    {
        JsonObject target = configuration[section] as JsonObject ?? [];
        foreach ((string key, JsonNode? value) in defaults.ToArray())
        {
            defaults.Remove(key);
            target.TryAdd(key, value);
        }

        configuration[section] = target;
    }
}
