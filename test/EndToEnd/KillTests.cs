using RPort.EndToEnd.Kit;
using RPort.Testing;

namespace RPort.EndToEnd;

/// <summary>SIGKILL in the middle of the main job: nothing acknowledged is lost, nothing is done twice.</summary>
public sealed class KillTests
{
    private const long FileSize = 48 << 20;
    private const long HeldAt = 16 << 20;

    [Fact]
    public async Task The_server_is_killed_in_the_middle_of_a_push_to_twenty_agents()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, Settings.LargeFiles());
        await using FaultyProxy relay = FaultyProxy.Holding(gateway.AgentPort, HeldAt);
        string shared = folder.Create("srv");
        await using Fleet fleet = await Fleet.StartAsync(folder, gateway, 20, relay.Url, shared);
        string file = RandomFile.Create(folder["file.bin"], FileSize);
        Push push = await Push.StartAsync(gateway, file, Path.Combine(shared, "file.bin"), fleet.Ids);
        await relay.HeldAsync(20, TimeSpan.FromSeconds(90));

        await gateway.KillAsync();
        relay.Heal();
        await gateway.StartAsync();

        // Placed twice would be "ignored" the second time: the file would have been there.
        Dictionary<string, PushedClient> clients = await push.FinishedAsync(TimeSpan.FromMinutes(3), fleet.Tail);
        string expected = RandomFile.Sha256(file);
        foreach (AgentProcess agent in fleet.Agents)
        {
            Assert.Equal(new PushedClient("success", FileSize, $"file successfully copied to destination {shared}/file.bin"), clients[agent.Id]);
            Assert.Equal(expected, RandomFile.Sha256(Path.Combine(agent.Received, "file.bin")));
        }
    }

    [Fact]
    public async Task Agents_killed_in_the_middle_go_on_where_they_stopped()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, Settings.LargeFiles());
        await using FaultyProxy relay = FaultyProxy.Holding(gateway.AgentPort, HeldAt);
        await using Fleet fleet = await Fleet.StartAsync(folder, gateway, 3, relay.Url);
        string file = RandomFile.Create(folder["file.bin"], FileSize);
        Push[] pushes = await Task.WhenAll(fleet.Agents.Select(agent =>
            Push.StartAsync(gateway, file, Path.Combine(agent.Received, "file.bin"), [agent.Id])));
        await relay.HeldAsync(3, TimeSpan.FromSeconds(60));
        foreach (AgentProcess agent in fleet.Agents)
        {
            await Eventually.TrueAsync("the agent has stored most of what it was sent", TimeSpan.FromSeconds(20),
                () => Task.FromResult(StagedBytes(agent) > HeldAt / 2), fleet.Tail);
            await agent.KillAsync();
        }

        long[] staged = [.. fleet.Agents.Select(StagedBytes)];
        relay.Heal();
        foreach (AgentProcess agent in fleet.Agents)
        {
            agent.Start();
        }

        for (int i = 0; i < pushes.Length; i++)
        {
            AgentProcess agent = fleet.Agents[i];
            Assert.Equal("success", (await pushes[i].FinishedAsync(TimeSpan.FromMinutes(2), fleet.Tail))[agent.Id].Status);
            Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(Path.Combine(agent.Received, "file.bin")));
            await agent.Process.LineAsync(line => line.Contains($"resumes at {staged[i]}", StringComparison.Ordinal), TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task An_agent_started_after_the_push_receives_it_within_its_time()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, Settings.LargeFiles());
        string file = RandomFile.Create(folder["file.bin"], 3_000_000);
        await using AgentProcess agent = AgentProcess.Start(folder, gateway, "late");
        await gateway.ConnectedAsync(1);
        await agent.KillAsync();
        await gateway.DisconnectedAsync("late");
        Push kept = await Push.StartAsync(gateway, file, Path.Combine(agent.Received, "kept.bin"), ["late"], ("expires", "10m"));
        Push failed = await Push.StartAsync(gateway, file, Path.Combine(agent.Received, "failed.bin"), ["late"]);

        Assert.Equal(new PushedClient("error", 0, "client is not connected"), (await failed.FinishedAsync(TimeSpan.FromSeconds(20)))["late"]);
        Assert.Equal("pending", Push.Clients(await kept.GetAsync())["late"].Status);
        agent.Start();

        Assert.Equal("success", (await kept.FinishedAsync(TimeSpan.FromSeconds(60), () => agent.Process.Tail()))["late"].Status);
        Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(Path.Combine(agent.Received, "kept.bin")));
        Assert.False(File.Exists(Path.Combine(agent.Received, "failed.bin")));
    }

    private static long StagedBytes(AgentProcess agent) =>
        Directory.Exists(Path.Combine(agent.DataDir, "filepush"))
            ? Directory.GetFiles(Path.Combine(agent.DataDir, "filepush"), "*_rport_filepush").Sum(path => new FileInfo(path).Length)
            : 0;
}
