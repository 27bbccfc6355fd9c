using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Clients;

[Collection(SharedGateway.Name)]
public sealed class ClientAttributesTests(SharedGateway shared)
{
    private readonly TestGateway _gateway = shared.Gateway;
    private readonly string _id = $"attributes-{Guid.NewGuid():N}";

    [Fact]
    public async Task Tags_and_labels_are_shown()
    {
        await ScriptedClient.ConnectAsync(_gateway, _id, "win", "server");
        Assert.Equal("""{"tags":["win","server"],"labels":null}""", (await (await _gateway.Http.GetAsync($"clients/{_id}/attributes")).DataAsync()).GetRawText());

        string other = _id + "-2";
        await ScriptedClient.ConnectAsync(_gateway, other, new ClientInventory { Labels = ImmutableSortedDictionary<string, string>.Empty.Add("city", "Lille") });
        Assert.Equal("""{"tags":[],"labels":{"city":"Lille"}}""", (await (await _gateway.Http.GetAsync($"clients/{other}/attributes")).DataAsync()).GetRawText());

        JsonElement error = await (await _gateway.Http.GetAsync("clients/no-one/attributes")).FailsAsync(404, "Client with id=\"no-one\" not found.");
        Assert.Equal("ERR_CODE_CLIENT_NOT_FOUND", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Attributes_are_handed_to_the_agent()
    {
        var asked = new TaskCompletionSource<AskAgent>();
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, _id);
        client.OnQuestion = question =>
        {
            asked.SetResult((AskAgent)question);
            return new AgentReplied(true, "{\"status\":\"OK\"}");
        };

        JsonElement data = await (await PutAsync("""{"tags":["a","b"],"labels":{"city":"Lille"}}""")).DataAsync();

        Assert.Equal("ok", data.GetString());
        Assert.Equal("update_client_metadata", (await asked.Task).Name);
        Assert.Equal("""{"tags":["a","b"],"labels":{"city":"Lille"}}""", (await asked.Task).Payload);
        Assert.Equal("""{"tags":["a","b"],"labels":{"city":"Lille"}}""", (await (await _gateway.Http.GetAsync($"clients/{_id}/attributes")).DataAsync()).GetRawText());
    }

    [Fact]
    public async Task What_the_agent_says_against_it_is_told()
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, _id);
        client.OnQuestion = _ => new AgentReplied(false, "attributes file path not set");
        JsonElement refused = await (await PutAsync("""{"tags":[]}""")).FailsAsync(409, "client error: attributes file path not set");
        Assert.Equal("ERR_CODE_CLIENT_ERROR", refused.GetProperty("code").GetString());

        client.OnQuestion = _ => new Refused(RefusalReason.TimedOut);
        JsonElement late = await (await PutAsync("""{"tags":[]}""")).FailsAsync(503, $"Client with id=\"{_id}\" did not answer in time.");
        Assert.Equal("ERR_CODE_CLIENT_TIMEOUT", late.GetProperty("code").GetString());

        await client.DisconnectAsync();
        JsonElement away = await (await PutAsync("""{"tags":[]}""")).FailsAsync(404, $"Client with id=\"{_id}\" is not connected.");
        Assert.Equal("ERR_CODE_CLIENT_NOT_CONNECTED", away.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("""{"tags":["a",""]}""", "invalid tags")]
    [InlineData("""{"tags":[null]}""", "invalid tags")]
    [InlineData("""{"tags":["a\tb"]}""", "invalid tags")]
    [InlineData("""{"labels":{"":"x"}}""", "invalid labels")]
    [InlineData("""{"labels":{"x":null}}""", "invalid labels")]
    [InlineData("""{"labels":{"x":1}}""", "Invalid JSON data.")]
    [InlineData("""{"tag":["a"]}""", "Invalid JSON data.")]
    public async Task Attributes_that_make_no_sense_never_reach_the_agent(string body, string title)
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, _id);
        client.OnQuestion = _ => throw new InvalidOperationException("asked");
        JsonElement error = await (await PutAsync(body)).FailsAsync(400, title);
        Assert.NotEmpty(error.GetProperty("code").GetString()!);
        Assert.NotEmpty(error.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task Attributes_longer_than_a_question_may_be_are_refused()
    {
        await ScriptedClient.ConnectAsync(_gateway, _id);
        string tag = new('ü', 1000); // two bytes each here, six on the way to the agent
        await (await PutAsync($$"""{"tags":[{{string.Join(',', Enumerable.Repeat($"\"{tag}\"", 20))}}]}""")).FailsAsync(400, "invalid attributes");
    }

    [Fact]
    public async Task Groups_that_may_see_a_client_are_set()
    {
        await ScriptedClient.ConnectAsync(_gateway, _id);

        using HttpResponseMessage set = await PostAclAsync("""{"allowed_user_groups":["Administrators","Administrators"]}""");
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        Assert.Equal("""["Administrators"]""", await GroupsAsync());

        JsonElement error = await (await PostAclAsync("""{"allowed_user_groups":["ops","Administrators","dev"]}""")).FailsAsync(400, "unknown user groups: ops, dev");
        Assert.Equal(("ERR_CODE_UNKNOWN_USER_GROUP", "known are Administrators"), (error.GetProperty("code").GetString(), error.GetProperty("detail").GetString()));
        Assert.Equal("""["Administrators"]""", await GroupsAsync());

        JsonElement unknownField = await (await PostAclAsync("""{"acl":["Administrators"]}""")).FailsAsync(400, "Invalid JSON data.");
        Assert.Equal("json: unknown field \"acl\"", unknownField.GetProperty("detail").GetString());
        await (await PostAclAsync("{}")).FailsAsync(400, "Invalid JSON data.");

        using HttpResponseMessage cleared = await PostAclAsync("""{"allowed_user_groups":null}""");
        Assert.Equal(HttpStatusCode.NoContent, cleared.StatusCode);
        Assert.Equal("null", await GroupsAsync());
    }

    private async Task<string> GroupsAsync() => (await (await _gateway.Http.GetAsync($"clients/{_id}")).DataAsync()).GetProperty("allowed_user_groups").GetRawText();

    private Task<HttpResponseMessage> PutAsync(string json) => _gateway.Http.PutAsync($"clients/{_id}/attributes", Json(json));

    private Task<HttpResponseMessage> PostAclAsync(string json) => _gateway.Http.PostAsync($"clients/{_id}/acl", Json(json));

    private static StringContent Json(string json) => new(json, new MediaTypeHeaderValue("application/json"));
}
