using System.Net;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;
using RPort.Testing;

namespace RPort.EndToEnd;

/// <summary>Payloads in Azure Blob storage (Azurite), with the storage gone for a while.</summary>
public sealed class AzureBlobTests
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Storage_that_is_away_for_twenty_seconds_fails_an_upload_clearly_and_delays_a_push()
    {
        using TempFolder folder = new();
        await using Azurite azurite = await Azurite.StartAsync(folder);
        JsonObject settings = Settings.LargeFiles();
        settings["Payloads"] = new JsonObject { ["Store"] = "AzureBlob", ["BlobConnectionString"] = azurite.ConnectionString };
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, settings);
        await using FaultyProxy relay = FaultyProxy.Holding(gateway.AgentPort, 4 << 20);
        await using Fleet fleet = await Fleet.StartAsync(folder, gateway, 3, relay.Url);
        string file = RandomFile.Create(folder["file.bin"], 96 << 20);
        string first = Path.Combine(fleet.Agents[0].Received, "file.bin");

        // A push and another upload are both half-way when the storage goes.
        Push push = await Push.StartAsync(gateway, file, first, ["a00"]);
        await relay.HeldAsync(1, TimeSpan.FromSeconds(60));
        using HeldContent half = new(file);
        Task<HttpResponseMessage> uploading = Push.PostAsync(gateway, half, "/tmp/never.bin", ["a01"]);
        await half.HalfSent.WaitAsync(TimeSpan.FromSeconds(30));
        await azurite.StopAsync();
        Task away = Task.Delay(Outage); // the length of the outage is what this test is about
        half.Release();
        await AssertUnavailableAsync(uploading.WaitAsync(TimeSpan.FromSeconds(40)));

        // The gateway restarts without its own copy, so that the push needs the storage again.
        await gateway.KillAsync();
        foreach (string copy in Directory.GetFiles(gateway.DataDir, "*", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length == 96 << 20))
        {
            File.Delete(copy);
        }

        relay.Heal();
        await gateway.StartAsync();
        await gateway.ConnectedAsync(3);

        await AssertUnavailableAsync(Push.PostAsync(gateway, file, "/tmp/never.bin", ["a01"]));
        Assert.Equal("pending", Push.Clients(await push.GetAsync())["a00"].Status);
        await away;
        await azurite.StartAsync();

        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromMinutes(2), fleet.Tail))["a00"].Status);
        Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(first));
        Push next = await Push.StartAsync(gateway, file, Path.Combine(fleet.Agents[1].Received, "file.bin"), ["a01"]);
        Assert.Equal("success", (await next.FinishedAsync(TimeSpan.FromMinutes(2), fleet.Tail))["a01"].Status);
    }

    private static async Task AssertUnavailableAsync(Task<HttpResponseMessage> upload)
    {
        using HttpResponseMessage refused = await upload;
        string body = await refused.Content.ReadAsStringAsync();
        Assert.True(refused.StatusCode == HttpStatusCode.ServiceUnavailable, $"{(int)refused.StatusCode} {body}");
        Assert.Contains("\"errors\":[{", body, StringComparison.Ordinal);
    }
}
