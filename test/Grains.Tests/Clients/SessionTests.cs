using RPort.Grains.Abstractions;
using RPort.Grains.Clients;
using RPort.Grains.Tests.Kit;
using RPort.Testing;

namespace RPort.Grains.Tests.Clients;

/// <summary>Which session a client grain listens to.</summary>
public sealed class SessionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_same_process_takes_over_and_its_older_session_is_closed_and_ignored()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var old = new TestAgent(silo, "c");
        var next = new TestAgent(silo, "c");
        await old.ConnectAsync();

        ConnectResult result = await next.ConnectAsync();

        Assert.True(result.Accepted);
        Assert.True(result.Fence.Epoch > old.Fence.Epoch);
        await old.Closed.Soon();
        Assert.False((await old.Grain.HeartbeatAsync(old.Fence)).Current);
        await old.Grain.DisconnectAsync(old.Fence);
        Assert.True((await old.Grain.GetAsync())!.Connected);
        Assert.True((await next.Grain.HeartbeatAsync(next.Fence)).Current);
    }

    [Fact]
    public async Task A_session_that_was_replaced_does_not_come_back()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var old = new TestAgent(silo, "c");
        var next = new TestAgent(silo, "c");
        await old.ConnectAsync();
        await next.ConnectAsync();

        Assert.False((await old.ConnectAsync()).Accepted);
        Assert.True((await next.Grain.HeartbeatAsync(next.Fence)).Current);
    }

    [Fact]
    public async Task A_lapsed_session_comes_back_unless_a_newer_one_has_taken_its_place()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var first = new TestAgent(silo, "c");
        await first.ConnectAsync();
        long epoch = first.Fence.Epoch;
        _time.Advance(SessionLease.Expiry);
        await first.Grain.WithdrawAsync(UploadId.New(), 0); // waits behind an upkeep that saw the time on its way there; the next one sees more
        _time.Advance(TimeSpan.FromSeconds(10));
        await first.Closed.Soon();

        Assert.True((await first.ConnectAsync()).Accepted);
        Assert.True(first.Fence.Epoch > epoch);

        await first.Grain.DisconnectAsync(first.Fence);
        var second = new TestAgent(silo, "c");
        Assert.True((await second.ConnectAsync()).Accepted);
        Assert.False((await first.ConnectAsync()).Accepted);
    }

    [Fact]
    public async Task Another_process_is_refused_while_the_present_one_lives_which_is_asked_to_prove_it()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var present = new TestAgent(silo, "c");
        var other = new TestAgent(silo, "c", "process-2");
        await present.ConnectAsync();

        ConnectResult refused = await other.ConnectAsync();

        Assert.False(refused.Accepted);
        Assert.Equal("name of c", refused.HolderName);
        await present.Asked.Soon();
        Assert.True((await present.Grain.HeartbeatAsync(present.Fence)).Current);

        await present.Grain.DisconnectAsync(present.Fence);
        Assert.True((await other.ConnectAsync()).Accepted);
    }

    [Fact]
    public async Task Connecting_the_same_session_again_keeps_its_epoch()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        SessionFence first = (await agent.ConnectAsync()).Fence;

        Assert.Equal(first, (await agent.ConnectAsync()).Fence);
        Assert.False(agent.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_client_without_heartbeats_counts_as_disconnected_when_its_lease_runs_out()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        await agent.ConnectAsync();
        _time.Advance(SessionLease.Expiry - TimeSpan.FromSeconds(1));
        Assert.True((await agent.Grain.HeartbeatAsync(agent.Fence)).Current);
        _time.Advance(SessionLease.Expiry - TimeSpan.FromSeconds(1));
        Assert.True((await agent.Grain.GetAsync())!.Connected);

        await agent.Grain.WithdrawAsync(UploadId.New(), 0); // waits behind an upkeep that saw the time on its way there
        _time.Advance(TimeSpan.FromSeconds(6));

        await agent.Closed.Soon();
        await agent.Grain.WithdrawAsync(UploadId.New(), 0); // waits behind the turn that ends the session
        ClientRecord record = (await agent.Grain.GetAsync())!;
        Assert.False(record.Connected);
        Assert.NotNull(record.DisconnectedAt);
        Assert.False((await agent.Grain.HeartbeatAsync(agent.Fence)).Current);
        ClientPage page = await Shard("c", silo).QueryAsync(new ClientQuery([new ClientFilter(["connection_state"], ["disconnected"], false)], [], 0, 10));
        Assert.Equal(1, page.Total);
    }

    [Fact]
    public async Task After_a_restart_of_the_single_process_any_process_may_take_the_client()
    {
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time))
        {
            await new TestAgent(silo, "c").ConnectAsync();
            await silo.KillAsync();
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time);
        Assert.False((await again.Client("c").GetAsync())!.Connected);
        var other = new TestAgent(again, "c", "process-2");
        ConnectResult result = await other.ConnectAsync();
        Assert.True(result.Accepted);
        Assert.Equal(2, result.Fence.Epoch);
    }

    [Fact]
    public async Task In_a_cluster_a_session_outlives_its_silo()
    {
        SessionFence fence;
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time, holdsGateway: false))
        {
            var agent = new TestAgent(silo, "c");
            await agent.ConnectAsync();
            fence = agent.Fence;
            await silo.KillAsync();
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time, holdsGateway: false);
        Assert.False((await new TestAgent(again, "c", "process-2").ConnectAsync()).Accepted);
        Assert.True((await again.Client("c").HeartbeatAsync(fence)).Current); // the way to the session is stored
        _time.Advance(ClientGrain.PresumedAlive + TimeSpan.FromSeconds(1));
        Assert.False((await new TestAgent(again, "c", "process-2").ConnectAsync()).Accepted); // that heartbeat was a sign of life
    }

    [Fact]
    public async Task A_failed_connect_changes_nothing_for_the_session_that_is_there()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        await agent.ConnectAsync();
        var next = new TestAgent(silo, "c");

        silo.Storage.Fails = true;
        await Assert.ThrowsAnyAsync<Exception>(() => next.ConnectAsync());
        silo.Storage.Fails = false;

        // The grain has forgotten itself. Its next activation takes up the stored way to the session, before any heartbeat.
        UploadRequest request = Pushes.To("c");
        await silo.Upload(request.Order.Upload).CreateAsync(request);
        Assert.Equal(request.Order.Upload, (await agent.NextOrderAsync()).Upload);
        Assert.True((await agent.Grain.HeartbeatAsync(agent.Fence)).Current);
        SessionFence before = agent.Fence;
        Assert.Equal(before, (await agent.ConnectAsync()).Fence);
        Assert.False(agent.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_connected_client_is_not_deleted_and_a_deleted_one_is_gone_everywhere()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        await agent.ConnectAsync();
        UploadRequest request = Pushes.To("c");
        await silo.Upload(request.Order.Upload).CreateAsync(request);
        await agent.NextOrderAsync();
        Assert.Equal(DeleteOutcome.Connected, await agent.Grain.DeleteAsync());
        await agent.Grain.DisconnectAsync(agent.Fence);

        Assert.Equal(DeleteOutcome.Deleted, await agent.Grain.DeleteAsync());

        Assert.Equal(DeleteOutcome.NotFound, await agent.Grain.DeleteAsync());
        Assert.Null(await agent.Grain.GetAsync());
        Assert.Equal(0, (await Shard("c", silo).QueryAsync(new ClientQuery([], [], 0, 10))).Total);
        UploadTargetView target = (await silo.Upload(request.Order.Upload).GetAsync())!.Of("c");
        Assert.Equal((PushStatus.Error, "The client was deleted."), (target.Status, target.Message));
    }

    [Fact]
    public async Task Groups_that_may_see_a_client_are_kept()
    {
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time))
        {
            Assert.False(await silo.Client("c").SetAllowedUserGroupsAsync(["ops"]));
            await new TestAgent(silo, "c").ConnectAsync();
            Assert.True(await silo.Client("c").SetAllowedUserGroupsAsync(["ops"]));
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time);
        Assert.Equal("ops", Assert.Single((await again.Client("c").GetAsync())!.AllowedUserGroups));
        Assert.Equal("ops", Assert.Single((await Shard("c", again).FindAsync([new ClientId("c")]))[0].AllowedUserGroups));
    }

    private static IClientDirectoryGrain Shard(string client, TestSilo silo) =>
        silo.Grains.GetGrain<IClientDirectoryGrain>(ClientDirectoryShards.KeyOf(new ClientId(client)));
}
