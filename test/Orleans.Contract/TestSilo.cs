using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;

namespace RPort.Contract;

/// <summary>A host with a silo in it, put together as the product does it.</summary>
public sealed class TestSilo : IAsyncDisposable
{
    private readonly IHost _host;

    private TestSilo(IHost host)
    {
        _host = host;
    }

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public Journal Journal => _host.Services.GetRequiredService<Journal>();

    public FaultyStorage Storage => _host.Services.GetRequiredService<FaultyStorage>();

    public static Task<TestSilo> StartAsync(Action<ISiloBuilder>? configure = null) => StartAsync(null, configure);

    public static async Task<TestSilo> StartAsync(FaultyStorage? storage, Action<ISiloBuilder>? configure = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Services.AddSingleton<Journal>();
        builder.Services.AddSingleton(storage ?? new FaultyStorage());
        (int siloPort, int gatewayPort) = (FreePort(), FreePort());
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort, primarySiloEndpoint: new IPEndPoint(IPAddress.Loopback, siloPort));
            silo.AddMemoryGrainStorageAsDefault();
            silo.AddMemoryGrainStorage("memory");
            silo.Services.AddGrainStorage("faulty", static (services, _) => services.GetRequiredService<FaultyStorage>());
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(20));
            configure?.Invoke(silo);
        });
        IHost host = builder.Build();
        await host.StartAsync();
        return new TestSilo(host);
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    // Real silos listen. Two that ask at the same time get different ports, since each socket is held while the next is asked for.
    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

/// <summary>One silo for the tests that need no settings of their own.</summary>
public sealed class SharedSilo : IAsyncLifetime
{
    public TestSilo Silo { get; private set; } = null!;

    public async Task InitializeAsync() => Silo = await TestSilo.StartAsync();

    public async Task DisposeAsync() => await Silo.DisposeAsync();
}

/// <summary>Tests of one silo after the other: some of them measure time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SiloCollection : ICollectionFixture<SharedSilo>
{
    public const string Name = "silo";
}
