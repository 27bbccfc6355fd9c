using RPort.EndToEnd.Kit;
using RPort.Testing;

namespace RPort.EndToEnd.Faults;

/// <summary>A machine whose disk is full or read-only.</summary>
public sealed class AgentDiskTests
{
    private const long Size = 3 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [SmallDiskFact]
    public async Task A_disk_that_fills_while_the_file_arrives_fails_the_push_and_nothing_is_left()
    {
        await using FaultyLink link = await FaultyLink.StartAsync();
        using SmallDisk disk = new(Path.Combine(link.Agent.DataDir, "filepush"), megabytes: 8);
        await FillsWhileArrivingAsync(link, disk);
        Assert.Empty(Directory.GetFiles(disk.Folder, "*_rport_filepush"));
    }

    [SmallDiskFact]
    public async Task A_destination_that_fills_while_the_file_arrives_fails_the_push_and_nothing_is_left()
    {
        await using FaultyLink link = await FaultyLink.StartAsync();
        using SmallDisk disk = new(link.Agent.Received, megabytes: 8);
        await FillsWhileArrivingAsync(link, disk);
        Assert.Empty(Directory.GetFiles(Path.Combine(link.Agent.DataDir, "filepush"), "*_rport_filepush"));
        Assert.Empty(Directory.GetFiles(link.Agent.Received, ".*"));
    }

    [SmallDiskFact]
    public async Task A_file_that_cannot_fit_is_not_even_fetched()
    {
        await using FaultyLink link = await FaultyLink.StartAsync();
        using SmallDisk disk = new(link.Agent.Received, megabytes: 2);
        (Push push, _, _) = await link.PushAsync("file.bin", Size);
        PushedClient failed = (await push.FinishedAsync(Limit, link.Tail))[FaultyLink.Client];
        Assert.Equal(("error", 0), (failed.Status, failed.Bytes));
        Assert.Contains("not enough free space", failed.Message, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public async Task A_read_only_data_folder_fails_pushes_with_its_name_and_the_agent_lives()
    {
        await using FaultyLink link = await FaultyLink.StartAsync();
        using (SmallDisk disk = new(Path.Combine(link.Agent.DataDir, "filepush"), megabytes: 1, readOnly: true))
        {
            (Push push, _, _) = await link.PushAsync("file.bin", 1000);
            PushedClient failed = (await push.FinishedAsync(Limit, link.Tail))[FaultyLink.Client];
            Assert.Equal("error", failed.Status);
            Assert.Contains(disk.Folder, failed.Message, StringComparison.Ordinal);
            Assert.Contains("read-only", failed.Message, StringComparison.Ordinal);
        }

        await link.PushesAsync("next.bin", 1000, Limit);
    }

    [SmallDiskFact]
    public async Task An_agent_without_a_folder_for_its_data_does_not_start_and_says_why()
    {
        using TempFolder folder = new();
        using SmallDisk disk = new(folder["readonly"], megabytes: 1, readOnly: true);
        string data = Path.Combine(disk.Folder, "agent");
        await using ChildProcess agent = new("agent", "dotnet",
            [Built.Agent, "--config", Configuration(folder, data)]);
        await agent.ExitAsync(Limit);

        Assert.Equal(1, agent.ExitCode);
        Assert.Contains(data, agent.Output, StringComparison.Ordinal);
    }

    private static async Task FillsWhileArrivingAsync(FaultyLink link, SmallDisk disk)
    {
        link.Proxy.ToClient.Set(new LinkFault { HoldAfter = 1 << 20 });
        (Push push, string file, string destination) = await link.PushAsync("file.bin", Size);
        await link.Proxy.HeldAsync(1, Limit);
        disk.Fill();
        link.Proxy.Heal();

        PushedClient failed = (await push.FinishedAsync(Limit, link.Tail))[FaultyLink.Client];
        Assert.Equal("error", failed.Status);
        Assert.Contains("no space left on device", failed.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(destination));

        disk.Free();
        Push again = await Push.StartAsync(link.Gateway, file, destination, [FaultyLink.Client]);
        await link.ArrivesAsync(again, file, destination, Limit);
    }

    private static string Configuration(TempFolder folder, string data)
    {
        string path = folder["agent.json"];
        File.WriteAllText(path, $$"""{"Client":{"Server":"ws://127.0.0.1:1","Fingerprint":"{{string.Join(':', Enumerable.Repeat("00", 16))}}","Auth":"a:b","DataDir":"{{data}}","AllowRoot":true} }""");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
