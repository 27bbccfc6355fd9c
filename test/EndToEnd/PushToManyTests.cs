using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd;

/// <summary>The main job on real processes.</summary>
public sealed class PushToManyTests
{
    private const int AgentCount = 20;
    private const long FileSize = 64 << 20;
    private static readonly UnixFileMode Mode0640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    [Fact]
    public async Task Twenty_agents_receive_one_file_whole_and_at_once_while_a_reader_watches()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, Settings.LargeFiles());
        string shared = folder.Create("srv");
        await using Fleet fleet = await Fleet.StartAsync(folder, gateway, AgentCount, receivedAs: shared);
        string fresh = RandomFile.Create(folder["fresh.bin"], FileSize);
        string old = RandomFile.Create(folder["old.bin"], 1 << 20);

        List<Task<int>> readers = [];
        using CancellationTokenSource stop = new();
        foreach (AgentProcess agent in fleet.Agents.Where((_, i) => i % 2 == 0))
        {
            File.Copy(old, Path.Combine(agent.Received, "app.bin"));
            readers.Add(WatchAsync(Path.Combine(agent.Received, "app.bin"), [1 << 20, FileSize], stop.Token));
        }

        Push push = await Push.StartAsync(gateway, fresh, Path.Combine(shared, "app.bin"), fleet.Ids, ("mode", "0640"), ("sync", "true"));
        Dictionary<string, PushedClient> clients = await push.FinishedAsync(TimeSpan.FromMinutes(3), fleet.Tail);
        Assert.Equal(AgentCount, clients.Count);
        Assert.All(clients.Values, client => Assert.Equal(new PushedClient("success", FileSize, $"file successfully copied to destination {shared}/app.bin"), client));

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(readers), looks => Assert.True(looks > 0));
        string expected = RandomFile.Sha256(fresh);
        foreach (AgentProcess agent in fleet.Agents)
        {
            string placed = Path.Combine(agent.Received, "app.bin");
            Assert.Equal(expected, RandomFile.Sha256(placed));
            Assert.Equal(Mode0640, File.GetUnixFileMode(placed));
            Assert.Single(Directory.GetFiles(agent.Received));
        }
    }

    [Fact]
    public async Task One_push_reaches_many_targets_and_its_payload_is_gone_afterwards()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, Settings.LargeFiles());
        await using Fleet fleet = await Fleet.StartAsync(folder, gateway, 4);
        string file = RandomFile.Create(folder["one.bin"], 5_000_000);
        await using FeedListener feed = await FeedListener.ConnectAsync(gateway);

        // All agents share this machine: the first to place the file has success, the others find it there.
        string destination = Path.Combine(folder.Create("shared"), "one.bin");
        Push push = await Push.StartAsync(gateway, file, destination, fleet.Ids);
        Dictionary<string, PushedClient> clients = await push.FinishedAsync(TimeSpan.FromSeconds(60), fleet.Tail);

        Assert.Equal(4, clients.Count);
        Assert.All(clients.Values, client => Assert.Contains(client.Status, new[] { "success", "ignored" }));
        Assert.Contains(clients.Values, client => client.Status == "success" && client.Message == $"file successfully copied to destination {destination}");
        Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(destination));
        IReadOnlyList<string> events = await feed.ReceiveAsync(4, TimeSpan.FromSeconds(20));
        Assert.All(events, text => Assert.Contains($"\"uuid\":\"{push.Id}\"", text, StringComparison.Ordinal));
        await Eventually.TrueAsync("the payload is deleted", TimeSpan.FromSeconds(20),
            () => Task.FromResult(!Directory.EnumerateFiles(gateway.DataDir, "*", SearchOption.AllDirectories).Any(path => new FileInfo(path).Length == 5_000_000)));
    }

    /// <summary>Reads the destination over and over: every look must find one whole version.</summary>
    private static Task<int> WatchAsync(string path, long[] sizes, CancellationToken stop) => Task.Run(() =>
    {
        int looks = 0;
        while (!stop.IsCancellationRequested)
        {
            using FileStream file = File.OpenRead(path); // throws if the file is ever absent
            Assert.Contains(file.Length, sizes);
            looks++;
            stop.WaitHandle.WaitOne(5);
        }

        return looks;
    }, CancellationToken.None);
}
