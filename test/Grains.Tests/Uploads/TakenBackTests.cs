using Orleans;
using Orleans.Runtime;
using RPort.Grains.Abstractions;
using RPort.Grains.Scheduling;
using RPort.Grains.Tests.Kit;
using RPort.Testing;

namespace RPort.Grains.Tests.Uploads;

/// <summary>Pushes that are cancelled, expire, are retried or lose a client while something is on its way.</summary>
public sealed class TakenBackTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(PushStatus.Success)]
    [InlineData(PushStatus.Ignored)]
    public async Task A_file_that_was_in_place_before_the_cancel_arrived_is_shown_as_in_place(PushStatus status)
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        (TestAgent agent, UploadRequest request, IUploadGrain upload, PushOrder order) = await OrderedAsync(silo);
        await upload.CancelAsync();
        await agent.NextWithdrawalAsync();

        Assert.Equal(ReportOutcome.Recorded, await agent.ReportAsync(order, status));
        Assert.Equal(ReportOutcome.Recorded, await agent.ReportAsync(order, status)); // the first answer was lost on its way

        UploadView view = (await upload.GetAsync())!;
        Assert.Equal((status, "done (taken back too late: canceled)", "/srv/file"), (view.Of("a").Status, view.Of("a").Message, view.Of("a").FilePath));
        Assert.Equal(RetryOutcome.NothingFailed, await upload.RetryAsync(request.ExpiresAt));
        Assert.False(view.PayloadKept);
    }

    [Fact]
    public async Task An_agent_that_stopped_as_told_leaves_the_target_cancelled_and_need_not_report_again()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        (TestAgent agent, UploadRequest request, IUploadGrain upload, PushOrder order) = await OrderedAsync(silo);
        await upload.CancelAsync();

        // Told or not: the grain of the client may not have heard of the cancel yet.
        Assert.Equal(ReportOutcome.UnknownUpload, await agent.ReportAsync(order, PushStatus.Error));
        Assert.Equal(PushStatus.Canceled, (await upload.GetAsync())!.Of("a").Status);
        Assert.Empty((await agent.Grain.HeartbeatAsync(agent.Fence)).Pending);
    }

    [Fact]
    public async Task A_result_of_the_attempt_before_a_retry_does_not_end_the_new_one()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        (TestAgent agent, UploadRequest request, IUploadGrain upload, PushOrder first) = await OrderedAsync(silo);

        // All at once: whichever order they are taken in, the retry has the last word.
        Task canceled = upload.CancelAsync();
        Task<RetryOutcome> retried = upload.RetryAsync(request.ExpiresAt);
        Task<ReportOutcome> reported = agent.ReportAsync(first);
        await Task.WhenAll(canceled, retried, reported);

        PushOrder second = await agent.NextOrderAsync();
        Assert.Equal((RetryOutcome.Retried, 1), (await retried, second.Attempt));
        Assert.NotEqual(ReportOutcome.StaleSession, await reported);
        Assert.Equal(PushStatus.Pending, (await upload.GetAsync())!.Of("a").Status);
        Assert.Equal(ReportOutcome.Recorded, await agent.ReportAsync(second));
        Assert.Equal(PushStatus.Success, (await upload.GetAsync())!.Of("a").Status);
    }

    [Fact]
    public async Task A_client_that_connected_late_and_was_fetching_expires_as_not_finished()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        var first = new TestAgent(silo, "a");
        await first.ConnectAsync();
        await first.Grain.DisconnectAsync(first.Fence);
        UploadRequest request = Pushes.To("a") with { ExpiresAt = Pushes.Noon.AddMinutes(1) };
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        await silo.UntilAsync(async () => (await silo.PendingOfAsync("a")) == 1);

        var agent = new TestAgent(silo, "a");
        Assert.Single((await agent.ConnectAsync()).Pending);
        await agent.Grain.ProgressAsync(agent.Fence, request.Order.Upload, 10);
        await feed.NextAsync(UploadEventKind.Progress);
        _time.Advance(TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(10));

        UploadEvent result = await feed.NextAsync(UploadEventKind.Result);
        Assert.Equal("not finished before the deadline 2026-03-14 12:01:00 UTC", result.Target!.Message);
    }

    [Fact]
    public async Task A_retry_without_keeping_goes_to_the_connected_and_the_offline_fail_at_once()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var here = new TestAgent(silo, "here");
        var away = new TestAgent(silo, "away");
        await here.ConnectAsync();
        await away.ConnectAsync();
        UploadRequest request = Pushes.To("here", "away", "nobody") with { KeepForOffline = false };
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        await here.ReportAsync(await here.NextOrderAsync(), PushStatus.Error);
        await away.NextOrderAsync();
        await away.Grain.DisconnectAsync(away.Fence);
        await upload.CancelAsync();

        Assert.Equal(RetryOutcome.Retried, await upload.RetryAsync(request.ExpiresAt));

        UploadView view = (await upload.GetAsync())!;
        Assert.Equal((PushStatus.Error, "client is not connected"), (view.Of("away").Status, view.Of("away").Message));
        Assert.Equal(PushStatus.Pending, view.Of("here").Status);
        Assert.Equal(1, (await here.NextOrderAsync()).Attempt);
        await silo.UntilAsync(async () => await silo.PendingOfAsync("away") == 0); // nothing of the first attempt waits for its connect
    }

    [Fact]
    public async Task A_retry_with_keeping_waits_for_the_offline()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var away = new TestAgent(silo, "away");
        await away.ConnectAsync();
        UploadRequest request = Pushes.To("away");
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        await away.ReportAsync(await away.NextOrderAsync(), PushStatus.Error);
        await away.Grain.DisconnectAsync(away.Fence);

        await upload.RetryAsync(request.ExpiresAt);

        await silo.UntilAsync(async () => await silo.PendingOfAsync("away") == 1);
        Assert.Equal(PushStatus.Pending, (await upload.GetAsync())!.Of("away").Status);
    }

    [Fact]
    public async Task One_client_that_cannot_be_told_of_a_cancel_does_not_keep_the_others_from_being_told()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent[] agents = [.. Enumerable.Range(0, 70).Select(n => new TestAgent(silo, $"c{n:00}"))];
        await Task.WhenAll(agents.Select(agent => agent.ConnectAsync()));
        UploadRequest request = Pushes.To([.. Enumerable.Range(0, 70).Select(n => $"c{n:00}")]);
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        await Task.WhenAll(agents.Select(agent => agent.NextOrderAsync()));

        silo.Storage.Only = "client/c00";
        silo.Storage.Fails = true;
        await upload.CancelAsync();
        await Task.WhenAll(agents.Skip(1).Select(agent => agent.NextWithdrawalAsync()));

        silo.Storage.Fails = false;
        await upload.WakeAsync();
        await silo.UntilAsync(async () => await silo.PendingOfAsync("c00") == 0);
    }

    [Fact]
    public async Task A_client_deleted_while_its_push_waits_ends_as_failed_and_the_push_with_it()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        var agent = new TestAgent(silo, "a");
        await agent.ConnectAsync();
        await agent.Grain.DisconnectAsync(agent.Fence);
        UploadRequest request = Pushes.To("a") with { RetryWindow = TimeSpan.Zero };
        await silo.Upload(request.Order.Upload).CreateAsync(request);
        await silo.UntilAsync(async () => await silo.PendingOfAsync("a") == 1);

        Assert.Equal(DeleteOutcome.Deleted, await silo.Client("a").DeleteAsync());

        UploadEvent result = await feed.NextAsync(UploadEventKind.Result);
        Assert.Equal((PushStatus.Error, "The client was deleted."), (result.Target!.Status, result.Target.Message));
        await feed.NextAsync(UploadEventKind.PayloadReleased);
        Assert.Null(await silo.Client("a").GetAsync());
    }

    [Fact]
    public async Task Offline_targets_take_no_place_of_those_under_way()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        foreach (string name in new[] { "off-1", "off-2", "off-3" })
        {
            var agent = new TestAgent(silo, name);
            await agent.ConnectAsync();
            await agent.Grain.DisconnectAsync(agent.Fence);
        }

        var on = new TestAgent(silo, "on");
        await on.ConnectAsync();
        UploadRequest request = Pushes.To("off-1", "off-2", "off-3", "on") with { MaxConcurrent = 1 };
        await silo.Upload(request.Order.Upload).CreateAsync(request);

        Assert.Equal(request.Order, await on.NextOrderAsync());
    }

    [Fact]
    public async Task A_push_that_is_over_has_no_alarm()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "a");
        await agent.ConnectAsync();
        UploadRequest request = Pushes.To("a") with { RetryWindow = TimeSpan.FromMinutes(5) };
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        await agent.ReportAsync(await agent.NextOrderAsync(), PushStatus.Error);
        Assert.True(await HasAlarmAsync(silo, request.Order.Upload));

        _time.Advance(TimeSpan.FromMinutes(5));
        await upload.WakeAsync();

        await silo.UntilAsync(async () => !await HasAlarmAsync(silo, request.Order.Upload));
    }

    private static async Task<bool> HasAlarmAsync(TestSilo silo, UploadId upload)
    {
        var stored = new GrainState<AlarmState>(new AlarmState());
        GrainId grain = silo.Grains.GetGrain<IAlarmGrain>(AlarmShards.KeyOf(upload)).GetGrainId();
        await silo.Storage.ReadStateAsync("alarms", grain, stored);
        return stored.State!.Due.ContainsKey(upload.Value);
    }

    /// <summary>A connected agent that has just been given a push.</summary>
    private static async Task<(TestAgent Agent, UploadRequest Request, IUploadGrain Upload, PushOrder Order)> OrderedAsync(TestSilo silo)
    {
        var agent = new TestAgent(silo, "a");
        await agent.ConnectAsync();
        UploadRequest request = Pushes.To("a");
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        return (agent, request, upload, await agent.NextOrderAsync());
    }
}
