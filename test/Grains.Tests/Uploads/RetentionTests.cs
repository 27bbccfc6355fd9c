using Orleans;
using Orleans.Runtime;
using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;
using RPort.Grains.Uploads;
using RPort.Testing;

namespace RPort.Grains.Tests.Uploads;

/// <summary>The list of pushes does not grow without bound.</summary>
public sealed class RetentionTests : IDisposable
{
    private const int Keep = 5;

    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Old_pushes_that_are_over_are_forgotten_and_an_unfinished_one_never()
    {
        UploadRequest waits = Pushes.To("c");
        var newest = new List<string>();
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time, keep: Keep))
        {
            var agent = new TestAgent(silo, "c");
            await agent.ConnectAsync();
            await agent.Grain.DisconnectAsync(agent.Fence);
            UploadId first = await PushAsync(silo, Over());
            await PushAsync(silo, waits);
            for (int i = 0; i < UploadIndexGrain.SegmentLength + 40; i++)
            {
                newest.Insert(0, (await PushAsync(silo, Over())).Value);
            }

            // The first segment holds the push that waits; all the others of it go, as newer ones come.
            await silo.UntilAsync(async () =>
            {
                newest.Insert(0, (await PushAsync(silo, Over())).Value);
                return (await ListAsync(silo)).Length <= Keep + 2;
            });
            Assert.Null(await silo.Upload(first).GetAsync());
            Assert.False(await IsStoredAsync(silo, first));
            Assert.Equal(ReportOutcome.UnknownUpload, await silo.Upload(first).ReportAsync(new ClientId("c"), new PushReport(first, PushStatus.Success, "", "", 0, 0)));
            Assert.NotNull(await silo.Upload(waits.Order.Upload).GetAsync());
            await silo.KillAsync();
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time, keep: Keep);
        string[] listed = await ListAsync(again);
        Assert.Equal([.. newest.Where(listed.Contains), waits.Order.Upload.Value], listed);
        Assert.Equal(newest.Take(Keep - 1), listed.Take(Keep - 1));

        // Once it is over it goes too, and with it the first segment; the list goes on behind.
        await again.Upload(waits.Order.Upload).CancelAsync();
        await again.UntilAsync(async () =>
        {
            newest.Insert(0, (await PushAsync(again, Over())).Value);
            return await FirstSegmentAsync(again) > 0;
        });
        Assert.Null(await again.Upload(waits.Order.Upload).GetAsync());
        await again.KillAsync();
        await using TestSilo last = await TestSilo.StartAsync(_folder, _time, keep: Keep);
        listed = await ListAsync(last);
        Assert.Equal(newest.Where(listed.Contains), listed);
        Assert.Equal(newest.Take(Keep), listed.Take(Keep));
    }

    [Fact]
    public async Task A_push_is_not_forgotten_before_it_is_over()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        await agent.ConnectAsync();
        UploadRequest request = Pushes.To("c");
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        Assert.False(await upload.ForgetAsync());
        await agent.ReportAsync(await agent.NextOrderAsync(), PushStatus.Error);
        Assert.False(await upload.ForgetAsync()); // it may be retried

        _time.Advance(request.RetryWindow);
        await upload.WakeAsync();
        await silo.UntilAsync(() => upload.ForgetAsync());

        Assert.Null(await upload.GetAsync());
        Assert.True(await upload.ForgetAsync());
        Assert.True(await upload.CreateAsync(request)); // the name is free again, and nothing of the old push shows
        Assert.Equal(PushStatus.Pending, (await upload.GetAsync())!.Of("c").Status);
    }

    /// <summary>A push that is over as soon as it is made.</summary>
    private static UploadRequest Over() =>
        Pushes.To([new UploadTarget(new ClientId("c"), false)]) with { KeepForOffline = false };

    private static async Task<UploadId> PushAsync(TestSilo silo, UploadRequest request)
    {
        await silo.Upload(request.Order.Upload).CreateAsync(request with { RetryWindow = TimeSpan.Zero });
        return request.Order.Upload;
    }

    private static async Task<string[]> ListAsync(TestSilo silo)
    {
        UploadIndexPage page = await silo.Grains.GetGrain<IUploadIndexGrain>(IUploadIndexGrain.Key).ListAsync(0, int.MaxValue);
        Assert.Equal(page.Total, page.Uploads.Length);
        return [.. page.Uploads.Select(id => id.Value)];
    }

    private static async Task<bool> IsStoredAsync(TestSilo silo, UploadId upload)
    {
        GrainId grain = silo.Upload(upload).GetGrainId();
        var order = new GrainState<UploadOrderDocument>(new UploadOrderDocument());
        var results = new GrainState<UploadResultsDocument>(new UploadResultsDocument());
        await silo.Storage.ReadStateAsync("order", grain, order);
        await silo.Storage.ReadStateAsync("results", grain, results);
        return order.RecordExists || results.RecordExists;
    }

    private static async Task<int> FirstSegmentAsync(TestSilo silo)
    {
        var index = new GrainState<UploadIndexState>(new UploadIndexState());
        await silo.Storage.ReadStateAsync("index", silo.Grains.GetGrain<IUploadIndexGrain>(IUploadIndexGrain.Key).GetGrainId(), index);
        return index.State!.First;
    }
}
