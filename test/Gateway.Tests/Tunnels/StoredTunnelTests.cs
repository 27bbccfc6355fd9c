using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using RPort.Gateway.Tests.Kit;

namespace RPort.Gateway.Tests.Tunnels;

[Collection(SharedGateway.Name)]
public sealed class StoredTunnelTests(SharedGateway shared) : IAsyncLifetime
{
    private readonly TestGateway _gateway = shared.Gateway;
    private readonly string _id = $"stored-{Guid.NewGuid():N}";

    private string Path => $"clients/{_id}/stored-tunnels";

    public async Task InitializeAsync() => await ScriptedClient.ConnectAsync(_gateway, _id);

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_template_is_kept_read_replaced_and_forgotten()
    {
        JsonElement kept = await (await SendAsync(HttpMethod.Post, Path, """
            {"name":"Web","scheme":"https","remote_ip":"10.1.1.1","remote_port":443,"public_port":20001,"acl":"10.1.2.3/8","further_options":{"a":[1,{"b":"ü"}]}}
            """)).DataAsync();

        Assert.Equal(
            ["id", "created_at", "name", "scheme", "remote_ip", "remote_port", "public_port", "acl", "further_options"], kept.EnumerateObject().Select(p => p.Name));
        Guid id = kept.GetProperty("id").GetGuid();
        Assert.Equal((443, 20001, "10.0.0.0/8"), (kept.GetProperty("remote_port").GetInt32(), kept.GetProperty("public_port").GetInt32(), kept.GetProperty("acl").GetString()));
        Assert.Equal("ü", kept.GetProperty("further_options").GetProperty("a")[1].GetProperty("b").GetString());
        Assert.Equal(kept.GetRawText(), Assert.Single(await ListAsync("")).GetRawText());

        // What was read may be sent back as it is.
        JsonElement same = await (await SendAsync(HttpMethod.Put, $"{Path}/{id}", kept.GetRawText())).DataAsync();
        Assert.Equal(kept.GetRawText(), same.GetRawText());

        JsonElement replaced = await (await SendAsync(HttpMethod.Put, $"{Path}/{id}", """{"remote_port":22}""")).DataAsync();
        Assert.Equal(
            $$"""{"id":"{{id}}","created_at":"{{kept.GetProperty("created_at").GetString()}}","name":"","scheme":"","remote_ip":"","remote_port":22,"public_port":null,"acl":"","further_options":null}""",
            replaced.GetRawText());

        using HttpResponseMessage deleted = await _gateway.Http.DeleteAsync($"{Path}/{id}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Empty(await ListAsync(""));
        await NotFoundAsync(await _gateway.Http.DeleteAsync($"{Path}/{id}"));
        await NotFoundAsync(await SendAsync(HttpMethod.Put, $"{Path}/{id}", """{"remote_port":22}"""));
        await NotFoundAsync(await SendAsync(HttpMethod.Put, $"{Path}/xyz", """{"remote_port":22}"""));
    }

    [Fact]
    public async Task The_list_has_pages_of_ten_and_is_sorted_by_value()
    {
        for (int i = 1; i <= 12; i++)
        {
            await (await SendAsync(HttpMethod.Post, Path, $$"""{"name":"n{{i % 3}}","remote_port":{{i * 10}},"scheme":"{{(i % 2 == 0 ? "ssh" : "rdp")}}"}""")).DataAsync();
        }

        Assert.Equal(10, (await ListAsync("", 12)).Length);
        Assert.Equal([110, 120], Ports(await ListAsync("page[offset]=10", 12)));
        Assert.Equal([120, 110, 100], Ports(await ListAsync("sort=-remote_port&page[limit]=3", 12)));
        Assert.Equal([120, 90, 60, 30], Ports(await ListAsync("sort=name&sort=-remote_port&page[limit]=4", 12)));
        Assert.Equal([20, 40], Ports(await ListAsync("filter[scheme]=SSH&page[limit]=2", 6)));
        await (await _gateway.Http.GetAsync($"{Path}?page[limit]=101")).FailsAsync(400, "pagination limit too big (101) maximum is 100");
        await (await _gateway.Http.GetAsync($"{Path}?sort=color")).FailsAsync(400, "unsupported sort field 'color'");
    }

    [Theory]
    [InlineData("{}", "invalid remote_port")]
    [InlineData("""{"remote_port":0}""", "invalid remote_port")]
    [InlineData("""{"remote_port":65536}""", "invalid remote_port")]
    [InlineData("""{"remote_port":22,"public_port":0}""", "invalid public_port")]
    [InlineData("""{"remote_port":22,"remote_ip":"a b"}""", "invalid remote_ip")]
    [InlineData("""{"remote_port":22,"scheme":"0123456789abcdef"}""", "invalid scheme")]
    [InlineData("""{"remote_port":22,"name":"a\nb"}""", "invalid name")]
    [InlineData("""{"remote_port":22,"acl":"x"}""", "Invalid ACL: invalid IP addr: x")]
    [InlineData("""{"remote_port":"22"}""", "Invalid JSON data.")]
    [InlineData("""{"remote_port":22,"port":22}""", "Invalid JSON data.")]
    public async Task What_makes_no_sense_is_named_with_what_is_expected(string body, string title)
    {
        JsonElement error = await (await SendAsync(HttpMethod.Post, Path, body)).FailsAsync(400, title);
        Assert.NotEmpty(error.GetProperty("code").GetString()!);
        Assert.NotEmpty(error.GetProperty("detail").GetString()!);
        Assert.Empty(await ListAsync(""));
    }

    [Theory]
    [InlineData(8192, true)]
    [InlineData(8193, false)]
    public async Task Further_options_are_bounded(int length, bool taken)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Post, Path, $$"""{"remote_port":22,"further_options":"{{new string('x', length - 2)}}"}""");
        Assert.Equal(taken ? HttpStatusCode.OK : HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task An_IPv6_target_has_no_brackets_here() =>
        Assert.Equal("2001:db8::7", (await (await SendAsync(HttpMethod.Post, Path, """{"remote_port":22,"remote_ip":"2001:db8::7"}""")).DataAsync()).GetProperty("remote_ip").GetString());

    [Fact]
    public async Task An_unknown_client_has_none()
    {
        await (await _gateway.Http.GetAsync("clients/no-one/stored-tunnels")).FailsAsync(404, "Client with id=\"no-one\" not found.");
        await (await SendAsync(HttpMethod.Post, "clients/no-one/stored-tunnels", """{"remote_port":22}""")).FailsAsync(404, "Client with id=\"no-one\" not found.");
        await (await _gateway.Http.DeleteAsync($"clients/no-one/stored-tunnels/{Guid.NewGuid()}")).FailsAsync(404, "Client with id=\"no-one\" not found.");
    }

    private static IEnumerable<int> Ports(JsonElement[] tunnels) => tunnels.Select(t => t.GetProperty("remote_port").GetInt32());

    private static async Task NotFoundAsync(HttpResponseMessage answer) =>
        Assert.Equal("ERR_CODE_STORED_TUNNEL_NOT_FOUND", (await answer.FailsAsync(404, "stored tunnel not found")).GetProperty("code").GetString());

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string json) =>
        _gateway.Http.SendAsync(new HttpRequestMessage(method, path) { Content = new StringContent(json, new MediaTypeHeaderValue("application/json")) });

    private async Task<JsonElement[]> ListAsync(string query, int? total = null)
    {
        JsonElement body = await (await _gateway.Http.GetAsync($"{Path}?{query}")).JsonAsync();
        JsonElement[] tunnels = [.. body.GetProperty("data").EnumerateArray()];
        Assert.Equal(total ?? tunnels.Length, body.GetProperty("meta").GetProperty("count").GetInt32());
        return tunnels;
    }
}
