using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Storage;
using RPort.Grains.Abstractions;
using RPort.Grains.Clients;
using RPort.Grains.Uploads;
using RPort.Silo.Hosting;
using RPort.Silo.Storage;

namespace RPort.Grains.Tests.Kit;

/// <summary>A silo as the product hosts it, on a SQLite file. Start another one on the same folder to see what survived.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    /// <summary>Where Orleans asks for a clock of its own. It sends nothing and joins nothing while its time stands still.</summary>
    private static readonly string[] EngineClocks =
        ["Orleans.Messaging", "Orleans.SystemTimers", "Orleans.Membership", "Orleans.ActivationManagement", "Orleans.GrainDirectory"];

    private readonly IHost _host;
    private bool _ended;

    private TestSilo(IHost host, FaultyStorage storage)
    {
        _host = host;
        Storage = storage;
    }

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public FaultyStorage Storage { get; }

    public IServiceProvider Services => _host.Services;

    public static async Task<TestSilo> StartAsync(TempFolder folder, TimeProvider? clock = null, bool holdsGateway = true, int? keep = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["GrainStorage:Sqlite:File"] = folder.File("grains.db"),
        });
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddSimpleConsole(console => console.SingleLine = true);
        if (clock is not null)
        {
            builder.Services.AddSingleton(clock);
            foreach (string area in EngineClocks)
            {
                builder.Services.AddKeyedSingleton(area, TimeProvider.System);
            }
        }

        if (keep is { } pushes)
        {
            builder.Services.AddSingleton(new UploadRetention(pushes));
        }

        builder.AddRPortSilo(holdsGateway: true);
        if (!holdsGateway)
        {
            builder.Services.AddSingleton(provider => SiloRun.Start(holdsGateway: false, provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));
        }

        // A clock that the test moves by a minute is no reason to give up a call that is under way.
        builder.Services.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromDays(1));
        FaultyStorage? storage = null;
        builder.Services.AddKeyedSingleton<IGrainStorage>("Default", (services, _) => storage = new FaultyStorage(
            new SqliteGrainStorage(services.GetRequiredService<SqliteStore>(), services.GetRequiredService<IGrainStorageSerializer>())));
        IHost host = builder.Build();
        _ = host.Services.GetRequiredKeyedService<IGrainStorage>("Default");
        await host.StartAsync();
        return new TestSilo(host, storage!);
    }

    public IClientGrain Client(string id) => Grains.GetGrain<IClientGrain>(id);

    public IUploadGrain Upload(UploadId id) => Grains.GetGrain<IUploadGrain>(id.Value);

    /// <summary>How many pushes storage says wait for a client.</summary>
    public async Task<int> PendingOfAsync(string client)
    {
        var stored = new GrainState<ClientState>(new ClientState());
        await Storage.ReadStateAsync("client", Client(client).GetGrainId(), stored);
        return stored.State!.Pending.Length;
    }

    /// <summary>Asks until it is so; each question goes through storage or a grain, and the test ends when it takes too long.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Wait.Limit, "It did not come to that in time.");
            await Task.Yield();
        }
    }

    /// <summary>Ends the silo without telling it: nothing is written that was not written already.</summary>
    public async Task KillAsync()
    {
        _ended = true;
        Storage.Fails = true; // a killed process writes nothing more
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_ended)
        {
            _ended = true;
            await _host.StopAsync();
            await ((IAsyncDisposable)_host).DisposeAsync();
        }
    }
}
