using BenchmarkDotNet.Attributes;
using RPort.Benchmarks.Budgets;
using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;

namespace RPort.Benchmarks.Fleet;

/// <summary>
/// A push to connected clients: created, given to each client's grain, reported at once, every result durable. Each operation is one target.
/// </summary>
[MemoryDiagnoser]
public class FanOutBenchmarks
{
    private const int Targets = 256;

    private readonly TempFolder _folder = new();
    private readonly TestAgent[] _agents = new TestAgent[Targets];
    private TestSilo _silo = null!;
    private TestFeed _feed = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _silo = await TestSilo.StartAsync(_folder);
        _feed = await TestFeed.ListenAsync(_silo);
        for (int i = 0; i < Targets; i++)
        {
            int at = i;
            _agents[i] = new TestAgent(_silo, Name(i)) { OnOrder = order => _ = _agents[at].ReportAsync(order) };
        }

        await Task.WhenAll(_agents.Select(agent => agent.ConnectAsync()));
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _silo.DisposeAsync();
        _folder.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Targets), AllocationBudget(28_500)]
    public async Task PushToOneTarget()
    {
        UploadRequest request = Pushes.To([.. Enumerable.Range(0, Targets).Select(Name)]);
        await _silo.Upload(request.Order.Upload).CreateAsync(request);
        await _feed.NextAsync(UploadEventKind.PayloadReleased);
    }

    private static string Name(int number) => $"client-{number}";
}
