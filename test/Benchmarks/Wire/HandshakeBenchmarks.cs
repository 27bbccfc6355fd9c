using BenchmarkDotNet.Attributes;
using RPort.Benchmarks.Budgets;
using RPort.Benchmarks.Kit;
using RPort.Ssh.Tests;

namespace RPort.Benchmarks.Wire;

/// <summary>Key exchange and login of a client and a server in this process, and their close.</summary>
[MemoryDiagnoser]
public class HandshakeBenchmarks
{
    [Benchmark, AllocationBudget(54_000)]
    public async Task ConnectAndClose()
    {
        SessionPair pair = await SessionPair.CreateAsync(streams: PipePair.Create());
        await pair.DisposeAsync();
    }
}
