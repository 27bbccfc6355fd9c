using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Faults;

/// <summary>Another process, such as a backup, locks the file that holds all state.</summary>
public sealed class LockedStateTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Requests_wait_for_a_short_lock_and_are_told_to_come_again_after_a_long_one()
    {
        JsonObject configuration = Settings.LargeFiles();
        configuration["GrainStorage"] = new JsonObject { ["Sqlite"] = new JsonObject { ["BusyTimeout"] = "00:00:03" } };
        await using FaultyLink link = await FaultyLink.StartAsync(gateway: configuration);
        (Push before, string file, string destination) = await link.PushAsync("before.bin", 1000);
        await link.ArrivesAsync(before, file, destination, Limit);

        Task<HttpResponseMessage> waiting;
        string name = Path.Combine(link.Agent.Received, "waiting.bin");
        using (Lock(link.Gateway))
        {
            waiting = Push.PostAsync(link.Gateway, file, name, [FaultyLink.Client]);
            await Eventually.TrueAsync("the payload is kept, what is left is the state", Limit,
                () => Task.FromResult(waiting.IsCompleted || Directory.GetFiles(Path.Combine(link.Gateway.DataDir, "payloads")).Length > 0));
            Assert.False(waiting.IsCompleted);
        }

        using (HttpResponseMessage answer = await waiting.WaitAsync(Limit))
        {
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}\n{link.Tail()}");
        }

        (string, string) id = ("id", Guid.NewGuid().ToString());
        string late = Path.Combine(link.Agent.Received, "late.bin");
        using (Lock(link.Gateway))
        {
            using HttpResponseMessage refused = await Push.PostAsync(link.Gateway, file, late, [FaultyLink.Client], id).WaitAsync(Limit);
            Assert.True(refused.StatusCode == HttpStatusCode.ServiceUnavailable, $"{refused.StatusCode} {await refused.Content.ReadAsStringAsync()}\n{link.Tail()}");
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.Equal("success", Push.Clients(await before.GetAsync())[FaultyLink.Client].Status); // what is only read goes on
        }

        await Eventually.TrueAsync("the push refused before is taken", Limit, async () =>
        {
            using HttpResponseMessage again = await Push.PostAsync(link.Gateway, file, late, [FaultyLink.Client], id);
            return again.StatusCode == HttpStatusCode.OK;
        }, link.Tail);
        await Eventually.TrueAsync("all that was acknowledged is done", Limit, () => Task.FromResult(File.Exists(name) && File.Exists(late)), link.Tail);
        Assert.Equal(1, (await link.Gateway.GetDataAsync("status")).GetProperty("clients_connected").GetInt32());
    }

    /// <summary>As a second process would: a connection of its own that writes and does not come to an end. Disposing it rolls back.</summary>
    private static SqliteConnection Lock(GatewayProcess gateway)
    {
        SqliteConnection connection = new($"Data Source={Path.Combine(gateway.DataDir, "grains.db")};Pooling=False");
        connection.Open();
        using SqliteCommand begin = connection.CreateCommand();
        begin.CommandText = "BEGIN EXCLUSIVE";
        begin.ExecuteNonQuery();
        return connection;
    }
}
