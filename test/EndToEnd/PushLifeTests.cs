using System.Net;
using System.Text.Json;
using RPort.EndToEnd.Kit;
using RPort.Testing;

namespace RPort.EndToEnd;

/// <summary>What operators do with a push beside starting it: watch it, take it back, try it again.</summary>
public sealed class PushLifeTests
{
    [Fact]
    public async Task A_push_that_is_taken_back_stops_on_the_agent_and_leaves_nothing()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, Settings.LargeFiles());
        await using FaultyProxy relay = FaultyProxy.Holding(gateway.AgentPort, 8 << 20);
        await using Fleet fleet = await Fleet.StartAsync(folder, gateway, 1, relay.Url);
        AgentProcess agent = fleet.Agents[0];
        string file = RandomFile.Create(folder["file.bin"], 32 << 20);
        string destination = Path.Combine(agent.Received, "file.bin");
        Push push = await Push.StartAsync(gateway, file, destination, [agent.Id]);
        await relay.HeldAsync(1, TimeSpan.FromSeconds(60));

        using HttpResponseMessage taken = await gateway.Api.DeleteAsync($"files/{push.Id}");
        Assert.Equal(HttpStatusCode.NoContent, taken.StatusCode);
        Assert.Equal("canceled", Push.Clients(await push.GetAsync())[agent.Id].Status);
        relay.Heal();

        await Eventually.TrueAsync("the agent has removed what it had", TimeSpan.FromSeconds(30),
            () => Task.FromResult(Directory.GetFiles(Path.Combine(agent.DataDir, "filepush"), "*_rport_filepush").Length == 0), fleet.Tail);
        Assert.False(File.Exists(destination));
        Push next = await Push.StartAsync(gateway, RandomFile.Create(folder["small.bin"], 1000), destination, [agent.Id]);
        Assert.Equal("success", (await next.FinishedAsync(TimeSpan.FromSeconds(30), fleet.Tail))[agent.Id].Status);
        Assert.Equal("canceled", Push.Clients(await push.GetAsync())[agent.Id].Status);
    }

    [Fact]
    public async Task A_retry_carries_out_the_failed_targets_again_and_leaves_the_others()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, Settings.LargeFiles());
        string shared = folder.Create("srv");
        await using Fleet fleet = await Fleet.StartAsync(folder, gateway, 2, receivedAs: shared);
        string file = RandomFile.Create(folder["file.bin"], 100_000);
        string obstacle = Path.Combine(fleet.Agents[0].Received, "app");
        await File.WriteAllTextAsync(obstacle, "a file where the push wants a folder");

        Push push = await Push.StartAsync(gateway, file, $"{shared}/app/file.bin", fleet.Ids);
        Dictionary<string, PushedClient> clients = await push.FinishedAsync(TimeSpan.FromSeconds(60), fleet.Tail);
        Assert.Equal("error", clients["a00"].Status);
        Assert.Equal("success", clients["a01"].Status);
        DateTime placed = File.GetLastWriteTimeUtc(Path.Combine(fleet.Agents[1].Received, "app", "file.bin"));

        File.Delete(obstacle);
        using HttpResponseMessage retried = await gateway.Api.PostAsync($"files/{push.Id}/retry", null);
        Assert.True(retried.IsSuccessStatusCode, await retried.Content.ReadAsStringAsync());
        clients = await push.FinishedAsync(TimeSpan.FromSeconds(60), fleet.Tail);
        Assert.All(clients.Values, client => Assert.Equal("success", client.Status));
        Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(Path.Combine(fleet.Agents[0].Received, "app", "file.bin")));
        Assert.Equal(placed, File.GetLastWriteTimeUtc(Path.Combine(fleet.Agents[1].Received, "app", "file.bin")));

        using HttpResponseMessage nothing = await gateway.Api.PostAsync($"files/{push.Id}/retry", null);
        Assert.Equal(HttpStatusCode.Conflict, nothing.StatusCode);
    }

    [Fact]
    public async Task The_feed_shows_progress_when_asked_and_RPorts_payload_at_the_end()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, Settings.LargeFiles());
        await using FaultyProxy relay = FaultyProxy.Holding(gateway.AgentPort, 8 << 20);
        await using Fleet fleet = await Fleet.StartAsync(folder, gateway, 1, relay.Url);
        AgentProcess agent = fleet.Agents[0];
        await using FeedListener watching = await FeedListener.ConnectAsync(gateway, "?progress=true");
        await using FeedListener plain = await FeedListener.ConnectAsync(gateway);
        string destination = Path.Combine(agent.Received, "file.bin");
        Push push = await Push.StartAsync(gateway, RandomFile.Create(folder["file.bin"], 32 << 20), destination, [agent.Id]);

        JsonElement progress = JsonDocument.Parse((await watching.ReceiveAsync(1, TimeSpan.FromSeconds(60)))[0]).RootElement;
        Assert.Equal(agent.Id, progress.GetProperty("client_id").GetString());
        Assert.Equal(push.Id, progress.GetProperty("uuid").GetString());
        relay.Heal();

        string result = (await plain.ReceiveAsync(1, TimeSpan.FromSeconds(60)))[0];
        Assert.Equal(
            $$"""{"client_id":"{{agent.Id}}","uuid":"{{push.Id}}","filepath":"{{destination}}","size":{{32 << 20}},"message":"file successfully copied to destination {{destination}}","status":"success"}""" + "\n",
            result);
    }

    [Fact]
    public async Task A_file_that_is_not_what_its_sender_says_is_refused_before_anybody_gets_it()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder);
        await using Fleet fleet = await Fleet.StartAsync(folder, gateway, 1);
        string file = RandomFile.Create(folder["file.bin"], 100_000);
        using HttpResponseMessage refused = await Push.PostAsync(gateway, file, "/tmp/never.bin", fleet.Ids, ("sha256", new string('0', 64)));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        using HttpResponseMessage large = await Push.PostAsync(gateway, RandomFile.Create(folder["large.bin"], (10 << 20) + 1), "/tmp/never.bin", fleet.Ids);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Empty((await gateway.GetDataAsync("files")).EnumerateArray());
        Assert.Empty(Directory.GetFiles(Path.Combine(gateway.DataDir, "payloads"), "*", SearchOption.AllDirectories));

        Push good = await Push.StartAsync(gateway, file, Path.Combine(fleet.Agents[0].Received, "file.bin"), fleet.Ids, ("sha256", RandomFile.Sha256(file)));
        Assert.Equal("success", (await good.FinishedAsync(TimeSpan.FromSeconds(30), fleet.Tail))["a00"].Status);
    }
}
