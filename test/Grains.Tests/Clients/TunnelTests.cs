using System.Collections.Immutable;
using RPort.Grains.Abstractions;
using RPort.Grains.Clients;
using RPort.Grains.Tests.Kit;
using RPort.Silo.Storage;
using RPort.Testing;

namespace RPort.Grains.Tests.Clients;

/// <summary>What a client grain remembers of tunnels.</summary>
public sealed class TunnelTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Tunnels_have_ids_in_order_and_outlive_session_and_process()
    {
        ImmutableArray<TunnelRecord> made;
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time))
        {
            var agent = new TestAgent(silo, "c");
            Assert.Empty((await agent.ConnectAsync()).Tunnels);
            made = [(await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20001)))!, (await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20002)))!];
            Assert.Equal([1, 2], made.Select(t => t.Id.Value));
            Assert.All(made, t => Assert.Equal(_time.GetUtcNow(), t.CreatedAt));
            Assert.Equal(made.AsEnumerable(), (await agent.Grain.HeartbeatAsync(agent.Fence)).Tunnels);
            await silo.KillAsync();
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time);
        Assert.Equal(made.AsEnumerable(), (await again.Client("c").GetAsync())!.Tunnels);
        var next = new TestAgent(again, "c");
        Assert.Equal(made.AsEnumerable(), (await next.ConnectAsync()).Tunnels);
        Assert.Equal(3, (await next.Grain.AddTunnelAsync(next.Fence, Spec(20003)))!.Id.Value);
    }

    [Fact]
    public async Task An_id_is_never_given_out_again_not_even_after_the_client_was_forgotten()
    {
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time))
        {
            var agent = new TestAgent(silo, "c");
            await agent.ConnectAsync();
            await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20001));
            TunnelId last = (await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20002)))!.Id;
            Assert.True(await agent.Grain.RemoveTunnelAsync(agent.Fence, last));
            Assert.Equal(3, (await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20002)))!.Id.Value);
            await agent.Grain.DisconnectAsync(agent.Fence);

            Assert.Equal(DeleteOutcome.Deleted, await agent.Grain.DeleteAsync());
            Assert.Null(await agent.Grain.GetAsync());
            Assert.Equal(DeleteOutcome.NotFound, await agent.Grain.DeleteAsync());
            Assert.False(await agent.Grain.RemoveTunnelOfAbsentAsync(new TunnelId(1)));
            await silo.KillAsync();
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time);
        Assert.Null(await again.Client("c").GetAsync());
        var anew = new TestAgent(again, "c");
        Assert.Empty((await anew.ConnectAsync()).Tunnels);
        Assert.Equal(4, (await anew.Grain.AddTunnelAsync(anew.Fence, Spec(20001)))!.Id.Value);
    }

    [Fact]
    public async Task Only_the_newest_session_changes_tunnels()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var old = new TestAgent(silo, "c");
        await old.ConnectAsync();
        TunnelRecord tunnel = (await old.Grain.AddTunnelAsync(old.Fence, Spec(20001)))!;
        var next = new TestAgent(silo, "c");
        await next.ConnectAsync();

        Assert.Null(await old.Grain.AddTunnelAsync(old.Fence, Spec(20002)));
        Assert.False(await old.Grain.ChangeTunnelAsync(old.Fence, tunnel with { Spec = Spec(20003) }));
        Assert.False(await old.Grain.RemoveTunnelAsync(old.Fence, tunnel.Id));

        Assert.Equal(tunnel, Assert.Single((await next.Grain.HeartbeatAsync(next.Fence)).Tunnels));
    }

    [Fact]
    public async Task Changes_are_kept_and_repeating_them_is_harmless()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        await agent.ConnectAsync();
        TunnelRecord tunnel = (await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20001)))!;
        TunnelRecord changed = tunnel with { Spec = tunnel.Spec with { Acl = "10.0.0.0/8" } };

        Assert.True(await agent.Grain.ChangeTunnelAsync(agent.Fence, changed));
        Assert.Equal(changed, Assert.Single((await agent.Grain.GetAsync())!.Tunnels));

        Assert.True(await agent.Grain.RemoveTunnelAsync(agent.Fence, tunnel.Id));
        Assert.True(await agent.Grain.RemoveTunnelAsync(agent.Fence, tunnel.Id));
        Assert.False(await agent.Grain.ChangeTunnelAsync(agent.Fence, changed));
        Assert.Empty((await agent.Grain.GetAsync())!.Tunnels);
    }

    [Fact]
    public async Task A_tunnel_that_could_not_be_written_does_not_exist()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        await agent.ConnectAsync();

        silo.Storage.Fails = true;
        await Assert.ThrowsAnyAsync<Exception>(() => agent.Grain.AddTunnelAsync(agent.Fence, Spec(20001)));
        silo.Storage.Fails = false;

        Assert.Empty((await agent.ConnectAsync()).Tunnels);
        Assert.Equal(1, (await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20001)))!.Id.Value);
    }

    [Fact]
    public async Task While_no_session_is_alive_tunnels_are_closed_and_narrowed_in_the_record()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        await agent.ConnectAsync();
        TunnelId first = (await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20001)))!.Id;
        TunnelId second = (await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20002)))!.Id;
        Assert.False(await agent.Grain.RemoveTunnelOfAbsentAsync(first)); // its session could not know
        Assert.False(await agent.Grain.ChangeAclOfAbsentAsync(first, "10.0.0.1"));
        await agent.Grain.DisconnectAsync(agent.Fence);

        Assert.True(await agent.Grain.RemoveTunnelOfAbsentAsync(first));
        Assert.False(await agent.Grain.RemoveTunnelOfAbsentAsync(first));
        Assert.False(await agent.Grain.ChangeAclOfAbsentAsync(first, "10.0.0.1"));
        Assert.True(await agent.Grain.ChangeAclOfAbsentAsync(second, "10.0.0.1"));

        TunnelRecord left = Assert.Single((await agent.ConnectAsync()).Tunnels);
        Assert.Equal((second, "10.0.0.1", 20002), (left.Id, left.Spec.Acl, left.Spec.LocalPort));
    }

    [Fact]
    public async Task The_directory_knows_the_tunnels_of_connected_clients()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c");
        await agent.ConnectAsync();
        IClientDirectoryGrain shard = silo.Grains.GetGrain<IClientDirectoryGrain>(ClientDirectoryShards.KeyOf(new ClientId("c")));
        Assert.Empty(await shard.FindWithTunnelsAsync());

        TunnelRecord tunnel = (await agent.Grain.AddTunnelAsync(agent.Fence, Spec(20001)))!;
        Assert.Equal(tunnel, Assert.Single(Assert.Single(await shard.FindWithTunnelsAsync()).Tunnels));

        TunnelRecord changed = tunnel with { Spec = tunnel.Spec with { Acl = "::/0" } };
        await agent.Grain.ChangeTunnelAsync(agent.Fence, changed);
        Assert.Equal(changed, Assert.Single(Assert.Single(await shard.FindWithTunnelsAsync()).Tunnels));

        await agent.Grain.DisconnectAsync(agent.Fence);
        Assert.Empty(await shard.FindWithTunnelsAsync());
        Assert.Equal(changed, Assert.Single(Assert.Single(await shard.FindAsync([new ClientId("c")])).Tunnels));

        await agent.ConnectAsync();
        await agent.Grain.RemoveTunnelAsync(agent.Fence, tunnel.Id);
        Assert.Empty(await shard.FindWithTunnelsAsync());
    }

    [Fact]
    public void A_client_has_only_so_many_tunnels_and_templates()
    {
        TunnelBook book = new();
        for (int i = 0; i < ClientLimits.MaxTunnels; i++)
        {
            book = book.Add(Spec(20000 + i), Pushes.Noon)!.Value.Next;
        }

        Assert.Null(book.Add(Spec(1), Pushes.Noon));
        Assert.Equal(ClientLimits.MaxTunnels + 1, book.Remove(new TunnelId(1)).Add(Spec(1), Pushes.Noon)!.Value.Added.Id.Value);

        for (int i = 0; i < ClientLimits.MaxStoredTunnels; i++)
        {
            book = book.Store(new StoredTunnel { Id = Guid.NewGuid() }, replace: false).Next;
        }

        Assert.Equal(StoredTunnelOutcome.Full, book.Store(new StoredTunnel { Id = Guid.NewGuid() }, replace: false).Outcome);
        Assert.Equal(StoredTunnelOutcome.Done, book.Store(book.Stored[0], replace: true).Outcome);
    }

    [Fact]
    public void It_comes_back_from_storage_as_it_was()
    {
        var serializer = new GrainStateSerializer();
        TunnelBook book = new TunnelBook().Add(Spec(20001) with { Scheme = null, AuthPasswordHash = "hash", AutoClose = TimeSpan.FromSeconds(90) }, Pushes.Noon)!.Value.Next
            .Store(new StoredTunnel { Id = Guid.NewGuid(), CreatedAt = Pushes.Noon, Name = "n", PublicPort = 5, FurtherOptionsJson = "{\"a\":1}" }, replace: false).Next;

        ClientState back = serializer.Deserialize<ClientState>(serializer.Serialize(new ClientState { Tunnels = book }))!;

        Assert.Equal((book.LastId, book.Open[0], book.Stored[0]), (back.Tunnels.LastId, back.Tunnels.Open[0], back.Tunnels.Stored[0]));
        Assert.Empty(serializer.Deserialize<ClientState>(new BinaryData("{}"))!.Tunnels.Open); // written before there were tunnels
    }

    [Fact]
    public async Task Templates_are_kept_replaced_and_forgotten()
    {
        StoredTunnel first = new() { Id = Guid.NewGuid(), CreatedAt = Pushes.Noon, Name = "first", RemotePort = 22 };
        StoredTunnel second = first with { Id = Guid.NewGuid(), Name = "second" };
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time))
        {
            IClientGrain client = silo.Client("c");
            Assert.Equal(StoredTunnelOutcome.UnknownClient, await client.PutStoredTunnelAsync(first, replace: false));
            Assert.Equal(StoredTunnelOutcome.UnknownClient, await client.DeleteStoredTunnelAsync(first.Id));
            Assert.Empty(await client.GetStoredTunnelsAsync());
            await new TestAgent(silo, "c").ConnectAsync();

            Assert.Equal(StoredTunnelOutcome.NotFound, await client.PutStoredTunnelAsync(first, replace: true));
            Assert.Equal(StoredTunnelOutcome.Done, await client.PutStoredTunnelAsync(first, replace: false));
            Assert.Equal(StoredTunnelOutcome.Done, await client.PutStoredTunnelAsync(first, replace: false)); // the same call once more
            Assert.Equal(StoredTunnelOutcome.Done, await client.PutStoredTunnelAsync(second, replace: false));
            Assert.Equal(StoredTunnelOutcome.Done, await client.PutStoredTunnelAsync(first with { Name = "changed", CreatedAt = Pushes.Noon.AddDays(1) }, replace: true));
            await silo.KillAsync();
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time);
        IClientGrain kept = again.Client("c");
        Assert.Equal([first with { Name = "changed" }, second], (await kept.GetStoredTunnelsAsync()).AsEnumerable());
        Assert.Equal(StoredTunnelOutcome.Done, await kept.DeleteStoredTunnelAsync(first.Id));
        Assert.Equal(StoredTunnelOutcome.NotFound, await kept.DeleteStoredTunnelAsync(first.Id));
        Assert.Equal(DeleteOutcome.Deleted, await kept.DeleteAsync());
        Assert.Empty(await kept.GetStoredTunnelsAsync());
    }

    private static TunnelSpec Spec(int port) => new() { LocalPort = port, RemoteHost = "127.0.0.1", RemotePort = 22, Acl = "127.0.0.1" };
}
