using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;
using RPort.Grains.Uploads;
using RPort.Testing;

namespace RPort.Grains.Tests.Uploads;

/// <summary>What a push does when things go other than straight, on a real silo and file.</summary>
public sealed class UploadGrainTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_client_that_is_offline_gets_its_push_at_its_next_connect()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        await agent.ConnectAsync();
        await agent.Grain.DisconnectAsync(agent.Fence);
        UploadRequest request = Pushes.To([new UploadTarget(new ClientId("c"), false)]);
        await silo.Upload(request.Order.Upload).CreateAsync(request);

        PushOrder order = await UntilPendingAsync(silo, "c");

        Assert.Equal(request.Order, order);
    }

    [Fact]
    public async Task Without_keeping_an_offline_target_fails_at_once()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        UploadRequest request = Pushes.To([new UploadTarget(new ClientId("c"), false)]) with { KeepForOffline = false, RetryWindow = TimeSpan.Zero };
        await silo.Upload(request.Order.Upload).CreateAsync(request);

        UploadEvent result = await feed.NextAsync(UploadEventKind.Result);
        await feed.NextAsync(UploadEventKind.PayloadReleased);

        Assert.Equal((PushStatus.Error, "client is not connected"), (result.Target!.Status, result.Target.Message));
    }

    [Fact]
    public async Task A_target_that_does_not_exist_fails()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        UploadRequest request = Pushes.To("nobody");
        await silo.Upload(request.Order.Upload).CreateAsync(request);

        Assert.Equal("there is no such client", (await feed.NextAsync(UploadEventKind.Result)).Target!.Message);
    }

    [Fact]
    public async Task A_push_whose_silo_was_killed_before_it_handed_out_is_handed_out_after_the_restart()
    {
        UploadRequest request = Pushes.To("a", "b");
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time))
        {
            await new TestAgent(silo, "a").ConnectAsync();
            await new TestAgent(silo, "b").ConnectAsync();
            silo.Storage.Only = "client/"; // the clients never hear of it
            silo.Storage.Fails = true;
            Assert.True(await silo.Upload(request.Order.Upload).CreateAsync(request));
            silo.Storage.Only = "";
            await silo.KillAsync();
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time);
        TestFeed feed = await TestFeed.ListenAsync(again);
        foreach (string client in new[] { "a", "b" })
        {
            var agent = new TestAgent(again, client);
            await agent.ConnectAsync();
            PushOrder order = await NextOrPendingAsync(agent);
            Assert.Equal(ReportOutcome.Recorded, await agent.ReportAsync(order));
        }

        await feed.NextAsync(UploadEventKind.PayloadReleased);
        Assert.NotNull((await again.Upload(request.Order.Upload).GetAsync())!.FinishedAt);
    }

    [Fact]
    public async Task Results_survive_a_kill_and_a_repeated_report_changes_nothing()
    {
        UploadRequest request = Pushes.To("a", "b");
        PushOrder order;
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time))
        {
            var agent = new TestAgent(silo, "a");
            await agent.ConnectAsync();
            await new TestAgent(silo, "b").ConnectAsync();
            await silo.Upload(request.Order.Upload).CreateAsync(request);
            order = await agent.NextOrderAsync();
            await agent.ReportAsync(order, PushStatus.Success, "first");
            await silo.KillAsync();
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time);
        IUploadGrain upload = again.Upload(request.Order.Upload);
        Assert.Equal("first", (await upload.GetAsync())!.Of("a").Message);
        Assert.Equal(ReportOutcome.Recorded, await upload.ReportAsync(new ClientId("a"), new PushReport(order.Upload, PushStatus.Error, "second", "", 0, 0)));
        Assert.Equal((PushStatus.Success, "first"), ((await upload.GetAsync())!.Of("a").Status, (await upload.GetAsync())!.Of("a").Message));
        Assert.Equal(PushStatus.Pending, (await upload.GetAsync())!.Of("b").Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_result_whose_write_fails_is_not_acknowledged_and_is_taken_when_it_is_reported_again(bool landed)
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "a");
        await agent.ConnectAsync();
        UploadRequest request = Pushes.To("a");
        await silo.Upload(request.Order.Upload).CreateAsync(request);
        PushOrder order = await agent.NextOrderAsync();

        silo.Storage.Only = "upload/";
        silo.Storage.Fails = !landed;
        silo.Storage.FailsAfterwards = landed;
        await Assert.ThrowsAnyAsync<Exception>(() => agent.ReportAsync(order));
        silo.Storage.Fails = silo.Storage.FailsAfterwards = false;

        Assert.Equal(order, Assert.Single((await agent.Grain.HeartbeatAsync(agent.Fence)).Pending));
        Assert.Equal(ReportOutcome.Recorded, await agent.ReportAsync(order));
        Assert.Empty((await agent.Grain.HeartbeatAsync(agent.Fence)).Pending);
        Assert.Equal(PushStatus.Success, (await silo.Upload(order.Upload).GetAsync())!.Of("a").Status);
    }

    [Fact]
    public async Task A_push_whose_write_fails_is_not_acknowledged_and_can_be_ordered_again()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        UploadRequest request = Pushes.To("a");
        silo.Storage.Only = "upload/";
        silo.Storage.Fails = true;
        await Assert.ThrowsAnyAsync<Exception>(() => silo.Upload(request.Order.Upload).CreateAsync(request));
        silo.Storage.Fails = false;

        Assert.Null(await silo.Upload(request.Order.Upload).GetAsync());
        Assert.True(await silo.Upload(request.Order.Upload).CreateAsync(request));
    }

    [Fact]
    public async Task Cancelling_ends_what_is_pending_and_stops_the_agents()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "a");
        await agent.ConnectAsync();
        UploadRequest request = Pushes.To("a");
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        PushOrder order = await agent.NextOrderAsync();

        Assert.True(await upload.CancelAsync());

        Assert.Equal(request.Order.Upload, await agent.NextWithdrawalAsync());
        Assert.Equal(ReportOutcome.UnknownUpload, await agent.ReportAsync(order, PushStatus.Error, "stopped"));
        Assert.Equal((PushStatus.Canceled, "canceled"), ((await upload.GetAsync())!.Of("a").Status, (await upload.GetAsync())!.Of("a").Message));
        Assert.False(await silo.Upload(UploadId.New()).CancelAsync());
    }

    [Fact]
    public async Task A_retry_goes_to_the_failed_targets_only_and_an_echo_of_the_first_attempt_does_not_count()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var good = new TestAgent(silo, "good");
        var bad = new TestAgent(silo, "bad");
        await good.ConnectAsync();
        await bad.ConnectAsync();
        UploadRequest request = Pushes.To("good", "bad");
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        await good.ReportAsync(await good.NextOrderAsync());
        PushOrder first = await bad.NextOrderAsync();
        Assert.Equal(RetryOutcome.NothingFailed, await upload.RetryAsync(request.ExpiresAt));
        await bad.ReportAsync(first, PushStatus.Error, "no space");
        Assert.True(await upload.NeedsPayloadAsync());

        Assert.Equal(RetryOutcome.Retried, await upload.RetryAsync(request.ExpiresAt));

        PushOrder second = await bad.NextOrderAsync();
        Assert.Equal(1, second.Attempt);
        Assert.Equal(ReportOutcome.Recorded, await bad.ReportAsync(first, PushStatus.Error, "no space"));
        Assert.Equal(PushStatus.Pending, (await upload.GetAsync())!.Of("bad").Status);
        Assert.Equal(ReportOutcome.Recorded, await bad.ReportAsync(second));
        UploadView view = (await upload.GetAsync())!;
        Assert.Equal((PushStatus.Success, PushStatus.Success), (view.Of("bad").Status, view.Of("good").Status));
        Assert.False(view.PayloadKept);
        Assert.Equal(RetryOutcome.NothingFailed, await upload.RetryAsync(request.ExpiresAt));
    }

    [Fact]
    public async Task What_is_not_reached_by_the_deadline_expires_and_the_payload_is_kept_for_the_retry_window()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        var agent = new TestAgent(silo, "a");
        await agent.ConnectAsync();
        await agent.Grain.DisconnectAsync(agent.Fence);
        UploadRequest request = Pushes.To("a") with { ExpiresAt = Pushes.Noon.AddMinutes(1) };
        IUploadGrain upload = silo.Upload(request.Order.Upload);
        await upload.CreateAsync(request);
        await UntilPendingAsync(silo, "a");

        _time.Advance(TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(10));
        UploadEvent result = await feed.NextAsync(UploadEventKind.Result);

        Assert.Equal(PushStatus.Expired, result.Target!.Status);
        Assert.Equal("the client could not be reached before the deadline 2026-03-14 12:01:00 UTC", result.Target.Message);
        Assert.True(await upload.NeedsPayloadAsync());
        _time.Advance(request.RetryWindow);
        await upload.WakeAsync();
        Assert.False(await upload.NeedsPayloadAsync());
        Assert.Equal(RetryOutcome.PayloadGone, await upload.RetryAsync(Pushes.Noon.AddDays(1)));
    }

    /// <summary>The order a client grain holds; asked until it is there, since handing out goes on after the answer to the operator.</summary>
    private static async Task<PushOrder> UntilPendingAsync(TestSilo silo, string client)
    {
        var agent = new TestAgent(silo, client);
        await agent.ConnectAsync();
        PushOrder order = await NextOrPendingAsync(agent);
        await agent.Grain.DisconnectAsync(agent.Fence);
        return order;
    }

    private static async Task<PushOrder> NextOrPendingAsync(TestAgent agent) =>
        (await agent.Grain.HeartbeatAsync(agent.Fence)).Pending is [{ } pending, ..] ? pending : await agent.NextOrderAsync();
}
