using System.Diagnostics;
using System.Threading.Channels;
using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;
using Xunit.Abstractions;

namespace RPort.Grains.Tests.Uploads;

/// <summary>A push to a fleet: fast enough, bounded, and stored small.</summary>
[Collection(Figures.Alone)]
public sealed class ManyTargetsTests(ITestOutputHelper output) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Five_thousand_connected_targets_are_served_and_all_results_durable_within_ten_seconds()
    {
        const int Count = 5_000;
        await using TestSilo silo = await TestSilo.StartAsync(_folder);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        var clock = Stopwatch.StartNew();
        TestAgent[] agents = await ConnectAsync(silo, Count, agent => order => agent().ReportAsync(order, message: "file successfully copied to destination /srv/file"));
        output.WriteLine($"{Count} connects: {clock.Elapsed.TotalSeconds:0.00} s");
        UploadRequest request = Pushes.To([.. Enumerable.Range(0, Count).Select(Name)]);
        int writesBefore = silo.Storage.Writes;

        clock.Restart();
        await silo.Upload(request.Order.Upload).CreateAsync(request);
        output.WriteLine($"created: {clock.Elapsed.TotalSeconds:0.00} s");
        await feed.NextAsync(UploadEventKind.PayloadReleased);
        TimeSpan taken = clock.Elapsed;

        output.WriteLine($"{Count} results durable: {taken.TotalSeconds:0.00} s, {silo.Storage.Writes - writesBefore} writes");
        UploadSummary summary = (await silo.Upload(request.Order.Upload).GetSummaryAsync())!;
        Assert.Equal((Count, Count), (summary.Targets, summary.Succeeded));
        Assert.True(taken < TimeSpan.FromSeconds(10), $"took {taken}");
        GC.KeepAlive(agents);
    }

    [Fact]
    public async Task Twenty_thousand_targets_are_one_push()
    {
        const int Count = 20_000;
        await using TestSilo silo = await TestSilo.StartAsync(_folder);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        UploadRequest request = Pushes.To([.. Enumerable.Range(0, Count).Select(Name)]) with { RetryWindow = TimeSpan.Zero };
        var clock = Stopwatch.StartNew();
        await silo.Upload(request.Order.Upload).CreateAsync(request);

        await feed.NextAsync(UploadEventKind.PayloadReleased);

        output.WriteLine($"{Count} targets that do not exist: {clock.Elapsed.TotalSeconds:0.00} s");
        UploadView view = (await silo.Upload(request.Order.Upload).GetAsync())!;
        Assert.Equal(Count, view.Targets.Count(target => target.Status == PushStatus.Error));
    }

    [Fact]
    public async Task Only_so_many_connected_targets_are_under_way_at_a_time()
    {
        const int Count = 12;
        await using TestSilo silo = await TestSilo.StartAsync(_folder);
        Channel<(TestAgent Agent, PushOrder Order)> orders = Channel.CreateUnbounded<(TestAgent, PushOrder)>();
        TestAgent[] agents = await ConnectAsync(silo, Count, agent => order => orders.Writer.TryWrite((agent(), order)));
        UploadRequest request = Pushes.To([.. Enumerable.Range(0, Count).Select(Name)]) with { MaxConcurrent = 3 };
        await silo.Upload(request.Order.Upload).CreateAsync(request);

        var underWay = new Queue<(TestAgent Agent, PushOrder Order)>();
        for (int done = 0; done < Count; done++)
        {
            while (underWay.Count < Math.Min(3, Count - done))
            {
                underWay.Enqueue(await orders.Reader.ReadAsync().AsTask().Soon());
            }

            // Every call so far has been answered, so a fourth order would have been handed out by now.
            await silo.Upload(request.Order.Upload).WakeAsync();
            Assert.False(orders.Reader.TryPeek(out _));
            (TestAgent agent, PushOrder order) = underWay.Dequeue();
            Assert.Equal(ReportOutcome.Recorded, await agent.ReportAsync(order));
        }

        Assert.Equal(Count, (await silo.Upload(request.Order.Upload).GetSummaryAsync())!.Succeeded);
        GC.KeepAlive(agents);
    }

    private static string Name(int number) => $"client-{number:00000}-0f8fad5b-d9cb-469f-a165-70867728950e";

    private static async Task<TestAgent[]> ConnectAsync(TestSilo silo, int count, Func<Func<TestAgent>, Action<PushOrder>> onOrder)
    {
        var agents = new TestAgent[count];
        for (int i = 0; i < count; i++)
        {
            int at = i;
            agents[i] = new TestAgent(silo, Name(i)) { OnOrder = onOrder(() => agents[at]) };
        }

        foreach (TestAgent[] batch in agents.Chunk(256))
        {
            await Task.WhenAll(batch.Select(agent => agent.ConnectAsync()));
        }

        return agents;
    }
}
