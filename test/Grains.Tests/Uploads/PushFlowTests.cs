using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;

namespace RPort.Grains.Tests.Uploads;

/// <summary>A push through all grains, on a real silo and file.</summary>
public sealed class PushFlowTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_push_reaches_connected_agents_and_ends_when_the_last_has_reported()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        var one = new TestAgent(silo, "one");
        var two = new TestAgent(silo, "two");
        await one.ConnectAsync();
        await two.ConnectAsync();
        UploadRequest request = Pushes.To("one", "two");
        IUploadGrain upload = silo.Upload(request.Order.Upload);

        Assert.True(await upload.CreateAsync(request));
        PushOrder order = await one.NextOrderAsync();
        Assert.Equal(request.Order, order);
        Assert.Equal(ReportOutcome.Recorded, await one.ReportAsync(order));
        UploadEvent first = await feed.NextAsync(UploadEventKind.Result);
        Assert.Equal(("one", PushStatus.Success, "admin"), (first.Target!.Client.Value, first.Target.Status, first.CreatedBy));
        Assert.Null((await upload.GetAsync())!.FinishedAt);

        Assert.Equal(ReportOutcome.Recorded, await two.ReportAsync(await two.NextOrderAsync(), PushStatus.Ignored, "was there"));
        await feed.NextAsync(UploadEventKind.PayloadReleased);
        UploadView view = (await upload.GetAsync())!;
        Assert.NotNull(view.FinishedAt);
        Assert.False(view.PayloadKept);
        Assert.Equal((PushStatus.Ignored, "was there"), (view.Of("two").Status, view.Of("two").Message));
        Assert.False(await upload.NeedsPayloadAsync());
        UploadSummary summary = (await upload.GetSummaryAsync())!;
        Assert.Equal((2, 0, 1, 1, 0), (summary.Targets, summary.Pending, summary.Succeeded, summary.Ignored, summary.Failed));
    }

    [Fact]
    public async Task The_same_push_is_created_once_also_when_asked_twice_at_a_time()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder);
        UploadRequest request = Pushes.To("one");
        IUploadGrain upload = silo.Upload(request.Order.Upload);

        bool[] created = await Task.WhenAll(upload.CreateAsync(request), upload.CreateAsync(request), upload.CreateAsync(request));

        Assert.Single(created, answer => answer);
        UploadIndexPage list = await silo.Grains.GetGrain<IUploadIndexGrain>(IUploadIndexGrain.Key).ListAsync(0, 10);
        Assert.Equal(request.Order.Upload, Assert.Single(list.Uploads));
    }
}
