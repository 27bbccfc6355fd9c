using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.EndToEnd.Replay;

/// <summary>Commands and scripts on existing agents.</summary>
[Collection(ReplayGateway.Collection)]
public sealed class CommandReplayTests(ReplayGateway gateway)
{
    private static readonly string[] OwnValues = ["jid", "client_id"];

    [Fact]
    public async Task The_recorded_command_runs_again()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "whoami");
        agent.Answer(RequestNames.RunCommand, RecordedAgent.Recorded("run_cmd_reply"));
        string jid = await OrderAsync("whoami", "commands", """{"command":"/usr/bin/whoami","timeout_sec":10}""");
        JsonNode order = await AssertOrderAsync(agent, "run_cmd", jid);
        JsonElement job = await JobAsync("whoami", jid);
        Assert.Equal("running", job.GetProperty("status").GetString());
        Assert.Equal(22600, job.GetProperty("pid").GetInt32());

        JsonNode result = JsonNode.Parse(RecordedAgent.Recorded(RequestNames.CommandResult))!;
        foreach (string name in OwnValues)
        {
            result[name] = (string)order[name]!;
        }

        await agent.TellAsync(RequestNames.CommandResult, result.ToJsonString());
        job = await EndedAsync("whoami", jid);
        Assert.Equal(result.AsObject().Select(property => property.Key), job.EnumerateObject().Select(property => property.Name));
        result["finished_at"] = "2026-11-21T23:15:58.8742034Z"; // we keep seven digits of a second
        result["started_at"] = "2026-11-21T23:15:58.8699844Z";
        Assert.True(JsonNode.DeepEquals(result, JsonNode.Parse(job.GetRawText())), job.GetRawText());

        using HttpResponseMessage list = await gateway.Process.Api.GetAsync("clients/whoami/commands");
        Assert.Equal(
            $$$"""{"data":[{"jid":"{{{jid}}}","status":"successful","finished_at":"2026-11-21T23:15:58.8742034Z","result":{"summary":""}}],"meta":{"count":1}}""",
            await list.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_recorded_script_runs_again()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "script");
        agent.Answer(RequestNames.RunCommand, """{"Pid": 22634, "StartedAt": "2026-11-21T23:16:01.058788241Z"}""");
        string jid = await OrderAsync(
            "script", "scripts", """{"script": "ZWNobyBvdXQ7IGVjaG8gZXJyID4mMjsgcHdkOyBlY2hvICI8c3VtbWFyeT5hbGwgZmluZTwvc3VtbWFyeT4iOyBleGl0IDMK", "cwd": "/tmp", "timeout_sec": 10}""");
        JsonNode result = await AssertOrderAsync(agent, "run_cmd_script", jid);
        result["status"] = "failed";
        result["finished_at"] = "2026-11-21T23:16:01.063669595Z";
        result["error"] = "exit status 3";
        result["result"] = new JsonObject { ["stdout"] = "out\n/tmp\n<summary>all fine</summary>\n", ["stderr"] = "err\n", ["summary"] = "all fine" };
        await agent.TellAsync(RequestNames.CommandResult, result.ToJsonString());

        JsonElement job = await EndedAsync("script", jid);
        Assert.Equal("failed", job.GetProperty("status").GetString());
        Assert.Equal("exit status 3", job.GetProperty("error").GetString());
        Assert.Equal("all fine", job.GetProperty("result").GetProperty("summary").GetString());
        Assert.True(job.GetProperty("is_script").GetBoolean());
    }

    [Fact]
    public async Task Its_refusal_is_told_in_the_recorded_words()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "denies");
        agent.Refuse(RequestNames.RunCommand, "command is not allowed: /usr/bin/id; /usr/bin/id");
        using HttpResponseMessage refused = await PostAsync("denies", "commands", """{"command":"/usr/bin/id; /usr/bin/id"}""");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal(
            """{"errors":[{"code":"","title":"client error: command is not allowed: /usr/bin/id; /usr/bin/id","detail":""}]}""",
            await refused.Content.ReadAsStringAsync());
        Assert.Equal(60, (await agent.HeardJsonAsync(RequestNames.RunCommand)).GetProperty("timeout_sec").GetInt32());
    }

    [Fact]
    public async Task A_result_that_is_quicker_than_the_answer_is_not_overwritten()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "quick");
        agent.Answer(RequestNames.RunCommand, async request =>
        {
            JsonNode result = JsonNode.Parse(request.Payload.Span)!;
            result["status"] = "successful";
            result["result"] = new JsonObject { ["stdout"] = "quick\n", ["stderr"] = "", ["summary"] = "" };
            await agent.TellAsync(RequestNames.CommandResult, result.ToJsonString());
            Assert.Equal("success:", await agent.AskAsync(RequestNames.Ping)); // the gateway has dealt with the result
            return SshReply.Ok(Encoding.UTF8.GetBytes(RecordedAgent.Recorded("run_cmd_reply")));
        });
        string jid = await OrderAsync("quick", "commands", """{"command":"/usr/bin/true"}""");
        JsonElement job = await JobAsync("quick", jid);
        Assert.Equal("successful", job.GetProperty("status").GetString());
        Assert.Equal("quick\n", job.GetProperty("result").GetProperty("stdout").GetString());
    }

    [Fact]
    public async Task Commands_for_an_agent_that_is_busy_with_a_push_do_not_stop_the_push()
    {
        // These agents keep 16 requests behind the one they carry out; at the next one they would stop to read, the push's own bytes included.
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "crowded");
        TaskCompletionSource crowd = new();
        agent.Answer(RequestNames.RunCommand, RecordedAgent.Recorded("run_cmd_reply"));
        agent.Answer(RequestNames.Upload, async request =>
        {
            await crowd.Task;
            string path = JsonDocument.Parse(request.Payload).RootElement.GetProperty("SourceFilePath").GetString()!;
            byte[] content = await RecordedFetch.RunAsync(agent.Connection, path);
            return SshReply.Ok(Encoding.UTF8.GetBytes($$"""{"uuid":"crowded","filepath":"/srv/f","size":{{content.Length}},"message":"","status":"success"}"""));
        });
        Push push = await Push.StartAsync(gateway.Process, RandomFile.Create(gateway.Folder["crowded"], 100_000), "/srv/f", ["crowded"], ("id", "crowded"));
        await agent.HeardAsync(RequestNames.Upload);

        Task<string>[] orders = [.. Enumerable.Range(0, 40).Select(_ => OrderAsync("crowded", "commands", """{"command":"/usr/bin/true"}"""))];
        await Eventually.TrueAsync("every command waits for the agent", TimeSpan.FromSeconds(20), async () => (await gateway.Process.GetDataAsync("clients/crowded/commands")).GetArrayLength() == 40);
        Assert.Equal("success:", await agent.AskAsync(RequestNames.Ping));
        crowd.SetResult();
        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromSeconds(20)))["crowded"].Status);
        Assert.Equal(40, (await Task.WhenAll(orders)).Distinct().Count());
    }

    private static async Task<JsonNode> AssertOrderAsync(RecordedAgent agent, string recorded, string jid)
    {
        JsonNode order = JsonNode.Parse((await agent.HeardAsync(RequestNames.RunCommand)).Payload.Span)!;
        Assert.Equal(jid, (string)order["jid"]!);
        JsonNode expected = JsonNode.Parse(RecordedAgent.Recorded(recorded))!;
        foreach (string name in OwnValues)
        {
            expected[name] = (string)order[name]!;
        }

        Assert.Equal(expected.ToJsonString(), order.ToJsonString());
        return order;
    }

    private Task<HttpResponseMessage> PostAsync(string client, string call, string body) =>
        gateway.Process.Api.PostAsync($"clients/{client}/{call}", new StringContent(body, Encoding.UTF8, "application/json"));

    private async Task<string> OrderAsync(string client, string call, string body)
    {
        using HttpResponseMessage response = await PostAsync(client, call, body);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode} {answer}");
        return JsonDocument.Parse(answer).RootElement.GetProperty("data").GetProperty("jid").GetString()!;
    }

    private Task<JsonElement> JobAsync(string client, string jid) => gateway.Process.GetDataAsync($"clients/{client}/commands/{jid}");

    private async Task<JsonElement> EndedAsync(string client, string jid)
    {
        await Eventually.TrueAsync("the result is recorded", TimeSpan.FromSeconds(20), async () => (await JobAsync(client, jid)).GetProperty("status").GetString() != "running");
        return await JobAsync(client, jid);
    }
}
