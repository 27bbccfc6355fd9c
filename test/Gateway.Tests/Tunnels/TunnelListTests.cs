using System.Text.Json;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Tunnels;

/// <summary>Lists of tunnels, with a client's session that answers as the test says.</summary>
[Collection(SharedGateway.Name)]
public sealed class TunnelListTests(SharedGateway shared)
{
    private readonly TestGateway _gateway = shared.Gateway;
    private readonly string _id = $"listed-{Guid.NewGuid():N}";

    [Fact]
    public async Task Tunnels_are_listed_as_their_session_sees_them()
    {
        ScriptedClient client = await ConnectAsync(_ => null);
        TunnelRecord open = (await client.AddTunnelAsync(ApiTunnels.Spec(20300) with { Name = "Web" }))!;
        TunnelRecord failed = (await client.AddTunnelAsync(ApiTunnels.Spec(20301) with { Name = "ssh" }))!;
        client.OnQuestion = question => question is ListTunnels
            ? new TunnelList([ApiTunnels.Live(open), new LiveTunnel { Tunnel = failed, Error = "port 20301 is taken" }])
            : null;

        JsonElement[] listed = await _gateway.TunnelsAsync($"filter[client_id]={_id}");

        Assert.Equal([_id, _id], listed.Select(t => t.GetProperty("client_id").GetString()));
        Assert.Equal(["open", "failed"], listed.Select(t => t.GetProperty("state").GetString()));
        Assert.Equal("port 20301 is taken", listed[1].GetProperty("error").GetString());
        Assert.Equal(
            (2, 5, 1, 7, 9, 3),
            (Number(listed[0], "connections"), Number(listed[0], "connections_total"), Number(listed[0], "refused"), Number(listed[0], "bytes_in"), Number(listed[0], "bytes_out"), Number(listed[0], "dropped_datagrams")));
        JsonElement[] ofClient = [.. (await (await _gateway.Http.GetAsync($"clients/{_id}")).DataAsync()).GetProperty("tunnels").EnumerateArray()];
        Assert.Equal(["open", "failed"], ofClient.Select(t => t.GetProperty("state").GetString()));
        Assert.False(ofClient[0].TryGetProperty("client_id", out _));
        Assert.Equal(["ssh", "Web"], (await _gateway.TunnelsAsync($"filter[client_id]={_id}&sort=name")).Select(t => t.GetProperty("name").GetString()));
        Assert.Equal(["20301"], (await _gateway.TunnelsAsync($"filter[client_id]={_id}&filter[lport]=2030*&sort=-lport&page[limit]=1")).Select(t => t.GetProperty("lport").GetString()));
        Assert.Equal(["Web"], (await _gateway.TunnelsAsync($"filter[client_id]={_id}&filter[name|owner]=web")).Select(t => t.GetProperty("name").GetString()));

        JsonElement kept = (await (await _gateway.Http.GetAsync($"clients?filter[id]={_id}&fields[clients]=tunnels")).DataAsync())[0].GetProperty("tunnels")[0];
        Assert.All(ApiTunnels.LiveFields, field => Assert.False(kept.TryGetProperty(field, out _), field));
        Assert.Equal("20300", kept.GetProperty("lport").GetString());
    }

    [Fact]
    public async Task A_session_that_does_not_answer_does_not_hide_its_tunnels()
    {
        ScriptedClient silent = await ConnectAsync(_ => null);
        await silent.AddTunnelAsync(ApiTunnels.Spec(20400));

        JsonElement shown = Assert.Single(await _gateway.TunnelsAsync($"filter[client_id]={_id}"));

        Assert.Equal(("waiting", "the client's session did not answer in time"), (shown.GetProperty("state").GetString(), shown.GetProperty("error").GetString()));
        Assert.False(shown.TryGetProperty("connections", out _));
    }

    [Fact]
    public async Task The_list_says_what_it_does_not_know()
    {
        JsonElement error = await (await _gateway.Http.GetAsync("tunnels?filter[colour]=red")).FailsAsync(400, "unsupported filter field 'filter[colour]'");
        Assert.Equal("ERR_CODE_INVALID_QUERY", error.GetProperty("code").GetString());
        await (await _gateway.Http.GetAsync("tunnels?sort=state")).FailsAsync(400, "unsupported sort field 'state'");
    }

    [Fact]
    public async Task One_clients_tunnels_are_listed_alone_also_while_it_is_away()
    {
        ScriptedClient client = await ConnectAsync(_ => null);
        TunnelRecord open = (await client.AddTunnelAsync(ApiTunnels.Spec(20500)))!;
        client.OnQuestion = _ => new TunnelList([ApiTunnels.Live(open)]);
        Assert.Equal(("20500", "open"), Shown(Assert.Single(await OfClientAsync())));

        await client.DisconnectAsync();
        Assert.Equal(("20500", "waiting"), Shown(Assert.Single(await OfClientAsync())));
        await (await _gateway.Http.GetAsync("clients/nobody/tunnels")).FailsAsync(404, "Client with id=\"nobody\" not found.");
    }

    private static (string? Port, string? State) Shown(JsonElement tunnel) => (tunnel.GetProperty("lport").GetString(), tunnel.GetProperty("state").GetString());

    private static long Number(JsonElement tunnel, string field) => tunnel.GetProperty(field).GetInt64();

    private async Task<ScriptedClient> ConnectAsync(Func<SessionQuestion, SessionAnswer?> answers)
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, _id);
        client.OnQuestion = answers;
        return client;
    }

    private async Task<JsonElement[]> OfClientAsync() => [.. (await (await _gateway.Http.GetAsync($"clients/{_id}/tunnels")).DataAsync()).EnumerateArray()];
}
