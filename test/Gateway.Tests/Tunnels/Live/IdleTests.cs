using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RPort.Gateway.Tunnels;
using RPort.Gateway.Tunnels.Live;
using RPort.Grains.Abstractions;
using RPort.Testing;

namespace RPort.Gateway.Tests.Tunnels.Live;

public sealed class IdleTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly Ledger _ledger = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TunnelEnvironment _environment;
    private readonly SessionTunnels _tunnels;

    public IdleTests()
    {
        _environment = new TunnelEnvironment(
            Options.Create(new TunnelOptions()), new TunnelMetrics(_services.GetRequiredService<IMeterFactory>()), _time, NullLogger<TunnelEnvironment>.Instance);
        _tunnels = new SessionTunnels(_environment);
    }

    public async ValueTask DisposeAsync()
    {
        await _tunnels.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Nobody_inside_for_the_time_ends_a_tunnel_and_somebody_inside_keeps_it()
    {
        using Socket target = TunnelBench.Listen();
        TunnelRecord used = new(new TunnelId(1), _time.GetUtcNow(), TunnelBench.To(target) with { IdleTimeoutMinutes = 5 });
        TunnelRecord unused = new(new TunnelId(2), _time.GetUtcNow(), TunnelBench.To(target) with { IdleTimeoutMinutes = 5, Acl = "127.0.0.2" });
        TunnelRecord endless = new(new TunnelId(3), _time.GetUtcNow(), TunnelBench.To(target) with { IdleTimeoutMinutes = 0, Acl = "127.0.0.3" });
        await _tunnels.StartAsync(new SessionScope(new ClientId("machine"), null!, true, _ledger), [used, unused, endless], [], default);
        TunnelGate.Passage passage = _tunnels.All[0].Open!.Gate.TryEnter(System.Net.IPAddress.Loopback)!;

        await PassAsync(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.Equal(3, _tunnels.All.Count);
        await PassAsync(TimeSpan.FromSeconds(2));
        Assert.Equal([used.Id, endless.Id], _tunnels.All.Select(entry => entry.Record.Id));
        Assert.Equal([unused.Id], _ledger.Removed);

        await PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(2, _tunnels.All.Count);
        passage.Dispose();
        await PassAsync(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        Assert.Equal([endless.Id], _tunnels.All.Select(entry => entry.Record.Id));
        Assert.Equal([unused.Id, used.Id], _ledger.Removed);
    }

    [Fact]
    public async Task What_could_not_be_recorded_is_recorded_later()
    {
        using Socket target = TunnelBench.Listen();
        TunnelRecord tunnel = new(new TunnelId(1), _time.GetUtcNow(), TunnelBench.To(target) with { AutoClose = TimeSpan.FromMinutes(1) });
        await _tunnels.StartAsync(new SessionScope(new ClientId("machine"), null!, true, _ledger), [tunnel], [], default);
        _ledger.Fails = true;
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Empty(_tunnels.All);
        Assert.Empty(_ledger.Removed);
        _tunnels.Offer([tunnel]); // the client grain still has it
        Assert.Empty(_tunnels.All);

        _ledger.Fails = false;
        await _time.ArmedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(tunnel.Id, await _ledger.NextRemoval.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    /// <summary>Lets the upkeep, which sleeps on the manual clock, see the time that has passed.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        await _time.ArmedAsync(1).WaitAsync(TimeSpan.FromSeconds(20));
        _time.Advance(time);
        await _time.ArmedAsync(1).WaitAsync(TimeSpan.FromSeconds(20));
    }

    private sealed class Ledger : ITunnelLedger
    {
        private readonly TaskCompletionSource<TunnelId> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<TunnelId> Removed { get; } = [];

        public Task<TunnelId> NextRemoval => _next.Task;

        public bool Fails { get; set; }

        public Task<TunnelRecord?> AddAsync(TunnelSpec spec, CancellationToken cancellationToken) => throw new InvalidOperationException("Nothing is added here.");

        public Task<bool> ChangeAsync(TunnelRecord tunnel, CancellationToken cancellationToken) => Task.FromResult(true);

        public Task<bool> RemoveAsync(TunnelId tunnel, CancellationToken cancellationToken)
        {
            if (Fails)
            {
                return Task.FromException<bool>(new TimeoutException("The grain does not answer."));
            }

            Removed.Add(tunnel);
            _next.TrySetResult(tunnel);
            return Task.FromResult(true);
        }
    }
}
