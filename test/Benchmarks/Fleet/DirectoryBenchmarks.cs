using System.Globalization;
using BenchmarkDotNet.Attributes;
using RPort.Benchmarks.Budgets;
using RPort.Gateway.Clients;
using RPort.Gateway.Queries;
using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;

namespace RPort.Benchmarks.Fleet;

/// <summary>The first page of <c>GET /clients</c> with a filter and a sort, of 10,000 clients in all shards, merged.</summary>
[MemoryDiagnoser]
public class DirectoryBenchmarks
{
    private const int Clients = 10_000;
    private const int Page = 50;

    private readonly TempFolder _folder = new();
    private readonly ListQuery _query = new([new QueryFilter(["os_full_name"], ["*debian*"], false)], [new QuerySort("name", false)], [], 0, Page);
    private TestSilo _silo = null!;
    private ClientDirectory _directory = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _silo = await TestSilo.StartAsync(_folder);
        _directory = new ClientDirectory(_silo.Grains);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(Record).Select(record =>
            _silo.Grains.GetGrain<IClientDirectoryGrain>(ClientDirectoryShards.KeyOf(record.Id)).PutAsync(record)));
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _silo.DisposeAsync();
        _folder.Dispose();
    }

    [Benchmark, AllocationBudget(200_000)]
    public async Task FilterAndSort()
    {
        ClientPage page = await _directory.QueryAsync(_query);
        if (page.Clients.Length != Page)
        {
            throw new InvalidOperationException("The page is not full.");
        }
    }

    private static ClientRecord Record(int number) => new()
    {
        Id = new ClientId($"client-{number}"),
        Connected = true,
        Inventory = new ClientInventory
        {
            Name = "Host " + (number * 7919L % Clients).ToString("00000", CultureInfo.InvariantCulture), // no order that the ids have too
            OsFullName = number % 3 == 0 ? "Debian 12.11" : "Ubuntu 24.04",
        },
    };
}
