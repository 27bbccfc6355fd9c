using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using RPort.Gateway.Access;
using RPort.Gateway.Agents;
using RPort.Gateway.Agents.Credentials;
using RPort.Gateway.Agents.Sessions;
using RPort.Gateway.Listeners;
using RPort.Gateway.Payloads;
using RPort.Gateway.Tunnels;
using RPort.Grains.Abstractions;
using RPort.Silo.Configuration;
using RPort.Silo.Hosting;

namespace RPort.Gateway.Tests.Agents;

/// <summary>The agent side of a gateway with a real port, real grains on a real SQLite file, and a real payload folder. No API.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    public const string AuthId = "fleet";
    public const string Password = "correct horse";

    private readonly DirectoryInfo _folder;
    private readonly WebApplication _app;

    private GatewayUnderTest(DirectoryInfo folder, WebApplication app)
    {
        _folder = folder;
        _app = app;
    }

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public IGrainFactory Grains => _app.Services.GetRequiredService<IGrainFactory>();

    public IPayloadStore Payloads => _app.Services.GetRequiredService<IPayloadStore>();

    public SessionTable Sessions => _app.Services.GetRequiredService<SessionTable>();

    public SessionEnvironment Environment => _app.Services.GetRequiredService<SessionEnvironment>();

    public HostKeyStore HostKey => _app.Services.GetRequiredService<HostKeyStore>();

    public static Task<GatewayUnderTest> StartAsync(params (string Key, string Value)[] settings) => StartAsync(TimeProvider.System, settings);

    public static Task<GatewayUnderTest> StartAsync(TimeProvider clock, params (string Key, string Value)[] settings) => StartAsync(null, clock, settings);

    /// <summary>A second gateway that uses the first one's grains, as those of a cluster share theirs.</summary>
    public static Task<GatewayUnderTest> StartBesideAsync(GatewayUnderTest first, params (string Key, string Value)[] settings) => StartAsync(first, TimeProvider.System, settings);

    private static async Task<GatewayUnderTest> StartAsync(GatewayUnderTest? beside, TimeProvider clock, (string Key, string Value)[] settings)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("rport-gateway");
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Dictionary<string, string?> configuration = new()
        {
            ["Agents:Auth"] = $"{AuthId}:{Password}",
            ["Agents:KeyFolder"] = Path.Combine(folder.FullName, "keys"),
            ["Payloads:Folder"] = Path.Combine(folder.FullName, "payloads"),
            ["GrainStorage:Sqlite:File"] = Path.Combine(folder.FullName, "grains.db"),
        };
        foreach ((string key, string value) in settings)
        {
            configuration[key] = value;
        }

        builder.Configuration.AddInMemoryCollection(configuration);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Mark(ListenerKind.Agents);
                listen.BeginOnHandshakeThreads();
            }));
        builder.Services.AddSingleton(clock);
        builder.Services.AddMetrics();
        builder.Services.AddCheckedOptions<AccessOptions>(AccessOptions.Section);
        builder.Services.AddCheckedOptions<PayloadOptions>(PayloadOptions.Section);
        builder.Services.AddSingleton<ClientAddress>();
        builder.Services.AddSingleton<IPayloadStore, FolderPayloadStore>();
        if (beside is null)
        {
            builder.AddRPortSilo(holdsGateway: true);
        }
        else
        {
            builder.Services.AddSingleton(beside.Grains);
        }

        builder.Services.AddTunnels();
        builder.Services.AddAgentDoor();

        WebApplication app = builder.Build();
        app.UseAgentDoor();
        GatewayUnderTest gateway = new(folder, app);
        await app.StartAsync();
        gateway.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return gateway;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>The WebSocket to the agent port, nothing said on it yet.</summary>
    public async Task<Stream> DialAsync(string subProtocol = "rport-v1")
    {
        ClientWebSocket socket = new();
        socket.Options.AddSubProtocol(subProtocol);
        using CancellationTokenSource deadline = new(TestAgent.Patience);
        await socket.ConnectAsync(new UriBuilder(Address) { Scheme = "ws" }.Uri, deadline.Token);
        return WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: true);
    }

    public async Task<ClientRecord?> ClientAsync(string id) => await Grains.GetGrain<IClientGrain>(id).GetAsync();

    /// <summary>Waits until what is asked of the grains holds: they learn of a session's end a moment after the agent does.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using CancellationTokenSource deadline = new(TestAgent.Patience);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        while (!await holds())
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }

    /// <summary>A stored payload and the push of it to these clients, which must have connected before.</summary>
    public async Task<PushOrder> PushAsync(byte[] content, params string[] clients)
    {
        PushOrder order = new()
        {
            Upload = UploadId.New(),
            Destination = "/srv/received/file",
            Size = content.Length,
            Md5 = Convert.ToBase64String(MD5.HashData(content)),
            Sha256 = Convert.ToBase64String(SHA256.HashData(content)),
        };
        await using (IPayloadWriter writer = await Payloads.CreateAsync(default))
        {
            await writer.WriteAsync(content, default);
            Assert.True(await writer.CommitAsync(order.Upload, default));
        }

        Assert.True(await Grains.GetGrain<IUploadGrain>(order.Upload.Value).CreateAsync(new UploadRequest
        {
            Order = order,
            Targets = [.. clients.Select(client => new UploadTarget(new ClientId(client), WasConnected: true))],
            CreatedBy = "admin",
            KeepForOffline = true,
            ExpiresAt = DateTimeOffset.UtcNow.AddHours(1),
        }));
        return order;
    }

    public async Task<UploadTargetView> TargetAsync(PushOrder order, string client)
    {
        UploadView view = (await Grains.GetGrain<IUploadGrain>(order.Upload.Value).GetAsync())!;
        return view.Targets.Single(target => target.Client.Value == client);
    }

    public async Task<UploadTargetView> FinishedAsync(PushOrder order, string client)
    {
        await UntilAsync(async () => (await TargetAsync(order, client)).Status != PushStatus.Pending);
        return await TargetAsync(order, client);
    }
}
