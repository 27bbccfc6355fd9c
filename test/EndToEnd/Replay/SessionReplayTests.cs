using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.EndToEnd.Replay;

/// <summary>How the session of an existing agent begins and lives.</summary>
[Collection(ReplayGateway.Collection)]
public sealed class SessionReplayTests(ReplayGateway gateway)
{
    [Fact]
    public async Task It_registers_with_the_recorded_message_and_none_of_its_secrets_is_kept()
    {
        await using RecordedAgent agent = await RecordedAgent.LoginAsync(gateway);
        Assert.Equal("success:null", await agent.AskAsync(RequestNames.NewConnection, RecordedAgent.Recorded(RequestNames.NewConnection)));

        SshRequest capabilities = await agent.HeardAsync(RequestNames.PutCapabilities);
        Assert.False(capabilities.WantsReply);
        JsonElement told = JsonDocument.Parse(capabilities.Payload).RootElement;
        Assert.Equal(["ServerVersion", "MonitoringVersion", "IPAddressesVersion"], told.EnumerateObject().Take(3).Select(property => property.Name));

        JsonElement client = await gateway.Process.GetDataAsync("clients/go-client-1");
        Assert.Equal("go-client-one", client.GetProperty("name").GetString());
        Assert.Equal("0.9.14-local", client.GetProperty("version").GetString());
        Assert.Equal(25276510208, client.GetProperty("mem_total").GetInt64());
        Assert.Equal(["win", "server"], client.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal(ReplayGateway.User, client.GetProperty("client_auth_id").GetString());
        JsonElement configuration = client.GetProperty("client_configuration");
        Assert.Equal("/var/lib/rport", configuration.GetProperty("client").GetProperty("data_dir").GetString());
        Assert.DoesNotContain(configuration.GetProperty("client").EnumerateObject(), property => property.Name.StartsWith("auth", StringComparison.Ordinal));
        AssertNoPassword(client.GetRawText());
        AssertNoPassword(gateway.Process.Process.Output);
    }

    [Fact]
    public async Task It_may_take_its_time_to_register()
    {
        // These agents spread themselves over ten seconds; the gateway's own limit is a minute, and pings are answered meanwhile.
        await using RecordedAgent agent = await RecordedAgent.LoginAsync(gateway);
        Assert.Equal("success:", await agent.AskAsync(RequestNames.Ping));
        Task ended = await Task.WhenAny(agent.Connection.Completion, Task.Delay(TimeSpan.FromSeconds(2)));
        Assert.NotSame(agent.Connection.Completion, ended);
        Assert.Equal("success:null", await agent.AskAsync(RequestNames.NewConnection, RecordedAgent.Registration("late")));
    }

    [Fact]
    public async Task A_second_process_of_the_same_id_is_refused_in_the_recorded_words()
    {
        await using RecordedAgent first = await RecordedAgent.ConnectAsync(gateway, "twin");
        await using RecordedAgent second = await RecordedAgent.LoginAsync(gateway);
        Assert.Equal(
            "failure:client is already connected: go-client-one [twin]",
            await second.AskAsync(RequestNames.NewConnection, RecordedAgent.Registration("twin")));
        await second.ClosedAsync(); // or it would wait for minutes before it dials again
        Assert.Equal("success:", await first.AskAsync(RequestNames.Ping));
    }

    [Fact]
    public async Task The_same_process_takes_over_from_its_lost_connection()
    {
        string registration = RecordedAgent.Registration("comes-back");
        await using RecordedAgent first = await RecordedAgent.LoginAsync(gateway);
        Assert.Equal("success:null", await first.AskAsync(RequestNames.NewConnection, registration));
        await using RecordedAgent second = await RecordedAgent.LoginAsync(gateway);
        Assert.Equal("success:null", await second.AskAsync(RequestNames.NewConnection, registration));
        await first.ClosedAsync();
        Assert.Equal("success:", await second.AskAsync(RequestNames.Ping));
        Assert.Equal("connected", (await gateway.Process.GetDataAsync("clients/comes-back")).GetProperty("connection_state").GetString());
    }

    [Fact]
    public async Task Registering_twice_on_one_connection_ends_it()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "twice");
        Assert.Equal(
            "failure:unexpected connection request. please reconnect",
            await agent.AskAsync(RequestNames.NewConnection, RecordedAgent.Registration("twice")));
        await agent.ClosedAsync();
    }

    [Fact]
    public async Task What_it_reports_by_itself_is_taken()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "reports");
        await agent.TellAsync(RequestNames.SaveMeasurement, RecordedAgent.Recorded(RequestNames.SaveMeasurement));
        await agent.TellAsync(RequestNames.UpdatesStatus, """{"refreshed":"2026-11-21T23:20:00Z","updates_available":0}""");
        await agent.TellAsync(RequestNames.IpAddresses, """{"ipv4":"192.0.2.2","ipv6":"","updated_at":"2026-11-21T23:20:00Z"}""");
        Assert.Equal("success:", await agent.AskAsync(RequestNames.Ping));
        Assert.Equal("failure:unknown request", await agent.AskAsync("something_else", "{}"));
        Assert.Equal("connected", (await gateway.Process.GetDataAsync("clients/reports")).GetProperty("connection_state").GetString());
    }

    [Fact]
    public async Task New_attributes_reach_it_as_recorded_and_so_does_its_answer()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "attributes");
        agent.Refuse(RequestNames.UpdateClientMetadata, "attributes file path not set");
        string refused = await PutAttributesAsync("""{"tags":["a","b"],"labels":{"city":"Lille"}}""");
        Assert.StartsWith("409 ", refused, StringComparison.Ordinal);
        Assert.Contains("\"title\":\"client error: attributes file path not set\"", refused, StringComparison.Ordinal);

        agent.Answer(RequestNames.UpdateClientMetadata, """{"status": "OK"}""");
        Assert.Equal("""200 {"data":"ok"}""", await PutAttributesAsync("""{"tags":["a","b"],"labels":{"city":"Lille"}}"""));
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal("""{"tags":["a","b"],"labels":{"city":"Lille"}}""", await agent.HeardTextAsync(RequestNames.UpdateClientMetadata));
        }

        JsonElement attributes = await gateway.Process.GetDataAsync("clients/attributes/attributes");
        Assert.Equal("""{"tags":["a","b"],"labels":{"city":"Lille"}}""", attributes.GetRawText());
    }

    private async Task<string> PutAttributesAsync(string body)
    {
        using HttpResponseMessage response = await gateway.Process.Api.PutAsync("clients/attributes/attributes", new StringContent(body, Encoding.UTF8, "application/json"));
        return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
    }

    private static void AssertNoPassword(string text)
    {
        Assert.DoesNotMatch($@"\b{ReplayGateway.Password}\b", text);
        Assert.DoesNotContain("auth_pass", text);
    }
}
