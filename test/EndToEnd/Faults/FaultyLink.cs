using System.Net.Sockets;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;
using RPort.Testing;

namespace RPort.EndToEnd.Faults;

/// <summary>A gateway, one agent, and a link between them that can be made to fail.</summary>
internal sealed class FaultyLink : IAsyncDisposable
{
    public const string Client = "machine";
    private readonly TempFolder _folder = new();

    private FaultyLink()
    {
    }

    public GatewayProcess Gateway { get; private set; } = null!;

    public FaultyProxy Proxy { get; private set; } = null!;

    public AgentProcess Agent { get; private set; } = null!;

    public string this[string name] => _folder[name];

    public static async Task<FaultyLink> StartAsync(LinkFault? fault = null, JsonObject? gateway = null, JsonObject? agent = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        FaultyLink link = new();
        try
        {
            link.Gateway = await GatewayProcess.StartAsync(link._folder, gateway ?? Settings.LargeFiles(), environment: environment);
            link.Proxy = new FaultyProxy(link.Gateway.AgentPort);
            link.Proxy.Set(fault ?? LinkFault.None);
            agent ??= [];
            JsonObject connection = agent["Connection"] as JsonObject ?? [];
            agent["Connection"] = connection;
            connection.TryAdd("MaxRetryInterval", "1s");
            link.Agent = new AgentProcess(link._folder, Client, link.Proxy.Url, link.Gateway.Fingerprint, agent);
            link.Agent.Start();
            await link.Agent.Process.LineAsync(line => line.Contains("connected to", StringComparison.Ordinal), TimeSpan.FromSeconds(30)); // its registration is durable
            return link;
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }
    }

    /// <summary>Signs of life asked for and missed so soon that a test can wait for it: a dead link is noticed after some three seconds.</summary>
    public static Task<FaultyLink> WatchfulAsync(IReadOnlyDictionary<string, string?>? environment = null) => StartAsync(
        gateway: new JsonObject
        {
            ["Files"] = new JsonObject { ["MaxFilePushSize"] = 4L << 30 },
            ["Agents"] = new JsonObject { ["Sessions"] = new JsonObject { ["KeepAliveInterval"] = "00:00:01", ["KeepAliveTimeout"] = "00:00:02" } },
        },
        agent: new JsonObject { ["Connection"] = new JsonObject { ["KeepAlive"] = "1s", ["KeepAliveTimeout"] = "2s" } },
        environment: environment);

    public string Tail() => $"--- agent\n{Agent.Process.Tail(30)}\n--- gateway\n{Gateway.Process.Tail(30)}";

    public Task<TunnelPort> OpenAsync(int target) => TunnelPort.OpenAsync(Gateway, Client, target, "check_port=0");

    public async Task<(Push Push, string File, string Destination)> PushAsync(string name, long size, params (string Field, string Value)[] fields)
    {
        string file = RandomFile.Create(_folder[name], size);
        string destination = Path.Combine(Agent.Received, name);
        return (await Push.StartAsync(Gateway, file, destination, [Client], fields), file, destination);
    }

    /// <summary>A push from its start to the file in its place.</summary>
    public async Task PushesAsync(string name, long size, TimeSpan limit)
    {
        (Push push, string file, string destination) = await PushAsync(name, size);
        await ArrivesAsync(push, file, destination, limit);
    }

    public async Task ArrivesAsync(Push push, string file, string destination, TimeSpan limit)
    {
        PushedClient result = (await push.FinishedAsync(limit, Tail))[Client];
        Assert.True(result.Status == "success", $"{result.Status}: {result.Message}\n{Tail()}");
        Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(destination));
    }

    /// <summary>Sends so many bytes through the tunnel to an echo and receives them again.</summary>
    public static async Task EchoesAsync(TunnelPort tunnel, long length, TimeSpan limit)
    {
        using Socket user = await tunnel.DialAsync();
        Task sending = Noise.SendAsync(user, length);
        await Noise.ReceiveAsync(user, length).WaitAsync(limit);
        await sending;
    }

    public Task TunnelOpensAgainAsync(TunnelPort tunnel, TimeSpan limit) => Eventually.TrueAsync(
        "the tunnel is open again", limit, async () => (await tunnel.ViewAsync()).GetProperty("state").GetString() == "open", Tail);

    public async ValueTask DisposeAsync()
    {
        if (Agent is not null)
        {
            await Agent.DisposeAsync();
        }

        if (Gateway is not null)
        {
            await Gateway.DisposeAsync();
        }

        if (Proxy is not null)
        {
            await Proxy.DisposeAsync();
        }

        _folder.Dispose();
    }
}
