using BenchmarkDotNet.Attributes;
using RPort.Benchmarks.Budgets;
using RPort.Grains.Tests.Kit;

namespace RPort.Benchmarks.Fleet;

/// <summary>A grain call: the heartbeat of a session, to its client's grain in this process.</summary>
[MemoryDiagnoser]
public class HeartbeatBenchmarks
{
    private readonly TempFolder _folder = new();
    private TestSilo _silo = null!;
    private TestAgent _agent = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _silo = await TestSilo.StartAsync(_folder);
        _agent = new TestAgent(_silo, "client");
        await _agent.ConnectAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _silo.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Most of it is Orleans' own: a request and a response, copied arguments, and the bookkeeping of a call.</summary>
    [Benchmark, AllocationBudget(2_600)]
    public Task Heartbeat() => _agent.Grain.HeartbeatAsync(_agent.Fence);
}
