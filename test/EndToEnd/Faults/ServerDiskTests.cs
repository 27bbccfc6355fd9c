using System.Net;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;
using RPort.Testing;

namespace RPort.EndToEnd.Faults;

/// <summary>A server whose disk is full, read-only, or tidied up by somebody else.</summary>
public sealed class ServerDiskTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_payload_folder_removed_under_the_server_fails_the_pushes_that_need_it_and_no_later_one()
    {
        await using FaultyLink link = await FaultyLink.StartAsync();
        link.Proxy.ToClient.Set(new LinkFault { HoldAfter = 2 << 20 });
        (Push push, _, string destination) = await link.PushAsync("file.bin", 8 << 20);
        await link.Proxy.HeldAsync(1, Limit);

        Directory.Delete(Path.Combine(link.Gateway.DataDir, "payloads"), recursive: true);
        link.Proxy.Cut(); // else the file, still open, is served to its end
        link.Proxy.Heal();

        PushedClient failed = (await push.FinishedAsync(Limit, link.Tail))[FaultyLink.Client];
        Assert.Equal("error", failed.Status);
        Assert.Contains("the server does not give the file", failed.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(destination));
        await link.PushesAsync("next.bin", 100_000, Limit);
    }

    [SmallDiskFact]
    public async Task An_upload_that_does_not_fit_is_refused_and_leaves_nothing()
    {
        using TempFolder folder = new();
        using SmallDisk disk = new(folder["payloads"], megabytes: 4);
        JsonObject configuration = Settings.LargeFiles();
        configuration["Payloads"] = new JsonObject { ["Folder"] = disk.Folder };
        await using FaultyLink link = await FaultyLink.StartAsync(gateway: configuration);

        using HttpResponseMessage refused = await Push.PostAsync(link.Gateway, RandomFile.Create(folder["large.bin"], 6 << 20), "/tmp/never.bin", [FaultyLink.Client]);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Contains("no room", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(disk.Folder, "*", SearchOption.AllDirectories));
        Assert.Empty((await link.Gateway.GetDataAsync("files")).EnumerateArray());
        await link.PushesAsync("small.bin", 1_000_000, Limit);
    }

    [SmallDiskFact]
    public async Task A_push_whose_state_does_not_fit_is_refused_keeps_nothing_and_may_be_sent_again()
    {
        using TempFolder folder = new();
        using SmallDisk disk = new(folder["state"], megabytes: 6);
        JsonObject configuration = Settings.LargeFiles();
        configuration["GrainStorage"] = new JsonObject { ["Sqlite"] = new JsonObject { ["File"] = Path.Combine(disk.Folder, "grains.db") } };
        await using FaultyLink link = await FaultyLink.StartAsync(gateway: configuration);
        (string, string) id = ("id", Guid.NewGuid().ToString());
        string file = RandomFile.Create(folder["file.bin"], 100_000);
        string destination = Path.Combine(link.Agent.Received, "file.bin");
        disk.Fill();

        using HttpResponseMessage refused = await Push.PostAsync(link.Gateway, file, destination, [FaultyLink.Client], id);

        Assert.True(refused.StatusCode == HttpStatusCode.ServiceUnavailable, $"{refused.StatusCode} {await refused.Content.ReadAsStringAsync()}\n{link.Tail()}");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Empty(Directory.GetFiles(Path.Combine(link.Gateway.DataDir, "payloads"), "*", SearchOption.AllDirectories));
        Assert.Equal(1, (await link.Gateway.GetDataAsync("status")).GetProperty("clients_connected").GetInt32());

        disk.Free();
        Push push = await Push.StartAsync(link.Gateway, file, destination, [FaultyLink.Client], id);
        await link.ArrivesAsync(push, file, destination, Limit);
    }

    [SmallDiskFact]
    public async Task A_read_only_data_folder_ends_the_start_with_a_message()
    {
        using TempFolder folder = new();
        using SmallDisk disk = new(folder["data"], megabytes: 1, readOnly: true);
        await using ChildProcess gateway = new("gateway", "dotnet",
            [Built.Gateway, $"--Data:Folder={disk.Folder}", $"--Api:Address=127.0.0.1:{Loopback.FreePort()}", $"--Agents:Address=127.0.0.1:{Loopback.FreePort()}"]);
        await gateway.ExitAsync(Limit);

        Assert.Equal(1, gateway.ExitCode);
        Assert.Contains(disk.Folder, gateway.Output, StringComparison.Ordinal);
        Assert.Contains("read-only", gateway.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", gateway.Output, StringComparison.Ordinal);
    }
}
