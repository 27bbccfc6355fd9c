using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Clients;

[Collection(SharedGateway.Name)]
public sealed class ClientsTests(SharedGateway shared)
{
    private readonly TestGateway _gateway = shared.Gateway;

    [Fact]
    public async Task The_list_shows_the_fields_asked_for_sorted_filtered_and_paged_over_all_shards()
    {
        for (int i = 0; i < 12; i++)
        {
            await ScriptedClient.ConnectAsync(_gateway, $"list-{i:00}", "listed", i % 2 == 0 ? "even" : "odd");
        }

        using HttpResponseMessage page = await _gateway.Http.GetAsync("clients?filter[tags]=and(listed,even)&sort=-id&page[limit]=2&page[offset]=1&fields[clients]=tags,id,connection_state,tunnels");
        JsonElement body = await page.JsonAsync();

        Assert.Equal(6, body.GetProperty("meta").GetProperty("count").GetInt32());
        JsonElement[] clients = [.. body.GetProperty("data").EnumerateArray()];
        Assert.Equal(["list-08", "list-06"], clients.Select(c => c.GetProperty("id").GetString()));
        Assert.Equal(["id", "connection_state", "tags", "tunnels"], clients[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal("connected", clients[0].GetProperty("connection_state").GetString());

        JsonElement plain = await (await _gateway.Http.GetAsync("clients?filter[id]=LIST-0*&filter[name|hostname]=host-list-03,nothing")).DataAsync();
        JsonElement only = Assert.Single(plain.EnumerateArray());
        Assert.Equal(["id", "name", "hostname"], only.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task A_client_is_shown_with_every_field_of_the_product_there_was()
    {
        await ScriptedClient.ConnectAsync(_gateway, "whole", new ClientInventory
        {
            Name = "the <whole> machine",
            Hostname = "vm",
            NumCpus = 2,
            MemoryTotal = 25276510208,
            IPv4 = ["192.0.2.2"],
            Tags = ["win", "server"],
            Labels = ImmutableSortedDictionary<string, string>.Empty.Add("city", "Lille"),
            ConfigurationJson = "{\"client\":{\"server\":\"ws://x\"}}",
        });

        JsonElement client = await (await _gateway.Http.GetAsync("clients/whole")).DataAsync();

        Assert.Equal(
            ["id", "name", "address", "hostname", "os", "os_full_name", "os_version", "os_arch", "os_family", "os_kernel", "os_virtualization_system", "os_virtualization_role",
                "num_cpus", "cpu_family", "cpu_model", "cpu_model_name", "cpu_vendor", "mem_total", "timezone", "client_auth_id", "version", "disconnected_at", "last_heartbeat_at",
                "connection_state", "ipv4", "ipv6", "tags", "allowed_user_groups", "tunnels", "updates_status", "ext_ip_addresses", "client_configuration", "groups", "labels"],
            client.EnumerateObject().Select(p => p.Name));
        Assert.Equal("the <whole> machine", client.GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, client.GetProperty("disconnected_at").ValueKind);
        Assert.Equal(JsonValueKind.Null, client.GetProperty("allowed_user_groups").ValueKind);
        Assert.EndsWith("Z", client.GetProperty("last_heartbeat_at").GetString(), StringComparison.Ordinal);
        Assert.Equal("Lille", client.GetProperty("labels").GetProperty("city").GetString());
        Assert.Equal("ws://x", client.GetProperty("client_configuration").GetProperty("client").GetProperty("server").GetString());
        Assert.Empty(client.GetProperty("tunnels").EnumerateArray());
    }

    [Fact]
    public async Task Only_a_client_that_is_gone_can_be_forgotten()
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, "goes", "leaving");
        await (await _gateway.Http.DeleteAsync("clients/goes")).FailsAsync(400, "Client is active, should be disconnected");
        await client.DisconnectAsync();

        using HttpResponseMessage deleted = await _gateway.Http.DeleteAsync("clients/goes");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await (await _gateway.Http.GetAsync("clients/goes")).FailsAsync(404, "Client with id=\"goes\" not found.");
        await (await _gateway.Http.DeleteAsync("clients/goes")).FailsAsync(404, "Client with id=\"goes\" not found.");
    }

    [Fact]
    public async Task Tags_are_listed_with_their_bearers_and_counted_in_the_status()
    {
        await ScriptedClient.ConnectAsync(_gateway, "tagged-1", "t-red", "t-blue");
        await ScriptedClient.ConnectAsync(_gateway, "tagged-2", "t-red");

        JsonElement tags = await (await _gateway.Http.GetAsync("client-tags?page[limit]=500")).DataAsync();
        JsonElement status = await (await _gateway.Http.GetAsync("status")).DataAsync();

        Dictionary<string, string[]> byTag = tags.EnumerateArray().ToDictionary(t => t.GetProperty("tag").GetString()!, t => t.GetProperty("client_ids").EnumerateArray().Select(c => c.GetString()!).ToArray());
        Assert.Equal(["tagged-1", "tagged-2"], byTag["t-red"]);
        Assert.Equal(["tagged-1"], byTag["t-blue"]);
        Assert.True(status.GetProperty("clients_connected").GetInt32() >= 2);
        Assert.Matches("^([0-9a-f]{2}:){15}[0-9a-f]{2}$", status.GetProperty("fingerprint").GetString());
        Assert.StartsWith("SHA256:", status.GetProperty("fingerprint_sha256").GetString(), StringComparison.Ordinal);
    }
}
