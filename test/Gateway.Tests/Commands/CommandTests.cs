using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;
using RPort.Protocol;

namespace RPort.Gateway.Tests.Commands;

/// <summary>The calls that run commands and show them.</summary>
[Collection(SharedGateway.Name)]
public sealed class CommandTests(SharedGateway shared)
{
    private readonly TestGateway _gateway = shared.Gateway;

    [Theory]
    [InlineData("commands", """{"command":""}""", "Command cannot be empty.")]
    [InlineData("commands", """{"interpreter":"cmd"}""", "Command cannot be empty.")]
    [InlineData("commands", """{"command":"ls","interpreter":"/bin/perl"}""", "Invalid interpreter.")]
    [InlineData("commands", """{"command":"ls","interpreter":"tacoscript"}""", "tacoscript interpreter can't be used for commands execution")]
    [InlineData("commands", """{"command":"ls","timeout_sec":-1}""", "Invalid timeout.")]
    [InlineData("commands", """{"command":"ls","timeout_sec":604801}""", "Invalid timeout.")]
    [InlineData("commands", """{"command":"ls","comand":"x"}""", "Invalid JSON data.")]
    [InlineData("scripts", """{"script":""}""", "Missing script body.")]
    [InlineData("scripts", """{"script":"%%%"}""", "Invalid script body.")]
    [InlineData("scripts", """{"script":"//4="}""", "Invalid script body.")]
    public async Task A_bad_order_is_refused(string call, string body, string title)
    {
        await ScriptedClient.ConnectAsync(_gateway, "orders");
        await (await PostAsync("orders", call, body)).FailsAsync(400, title);
        Assert.Empty((await (await _gateway.Http.GetAsync("clients/orders/commands")).DataAsync()).EnumerateArray());
    }

    [Fact]
    public async Task A_command_longer_than_an_order_may_be_is_refused_before_anything_is_kept()
    {
        await ScriptedClient.ConnectAsync(_gateway, "long");
        await (await PostAsync("long", "commands", JsonSerializer.Serialize(new { command = new string('x', CommandLimits.MaxCommandBytes + 1) }))).FailsAsync(400, "Command is too long.");
        await (await PostAsync("long", "scripts", JsonSerializer.Serialize(new { script = Convert.ToBase64String(Enumerable.Repeat((byte)1, 20_000).ToArray()) }))).FailsAsync(400, "Command is too long.");
        Assert.Empty((await (await _gateway.Http.GetAsync("clients/long/commands")).DataAsync()).EnumerateArray());
    }

    [Fact]
    public async Task Only_a_connected_client_takes_commands()
    {
        await (await PostAsync("nobody", "commands", """{"command":"ls"}""")).FailsAsync(404, "Active client with id=\"nobody\" not found.");
        await (await _gateway.Http.GetAsync("clients/nobody/commands")).FailsAsync(404, "Client with id=\"nobody\" not found.");
        await (await _gateway.Http.GetAsync($"clients/nobody/commands/{JobId.New()}")).FailsAsync(404, "Client with id=\"nobody\" not found.");

        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, "was-here");
        await client.DisconnectAsync();
        await (await PostAsync("was-here", "commands", """{"command":"ls"}""")).FailsAsync(404, "Active client with id=\"was-here\" not found.");
        await (await _gateway.Http.GetAsync($"clients/was-here/commands/no-id")).FailsAsync(404, "Job[id=\"no-id\"] not found.");
    }

    [Fact]
    public async Task The_command_is_there_before_the_agent_hears_of_it()
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, "runs");
        Task<CommandView?>? seen = null;
        client.OnQuestion = question =>
        {
            CommandJob order = Order(question);
            seen = _gateway.Grains.GetGrain<ICommandGrain>(ICommandGrain.KeyOf(client.Id, JobId.Parse(order.Id))).GetAsync();
            return new AgentReplied(true, """{"Pid":5,"StartedAt":"2026-11-21T23:15:58.869984359Z"}""");
        };
        JsonElement ordered = await (await PostAsync("runs", "commands", """{"command":"ls"}""")).DataAsync();

        Assert.Equal(CommandStatus.Running, (await seen!)!.Status);
        JsonElement job = await JobAsync("runs", ordered.GetProperty("jid").GetString()!);
        Assert.Equal("running", job.GetProperty("status").GetString());
        Assert.Equal(5, job.GetProperty("pid").GetInt32());
        Assert.Equal("2026-11-21T23:15:58.8699844Z", job.GetProperty("started_at").GetString());
        Assert.Equal(60, job.GetProperty("timeout_sec").GetInt32());
        Assert.Equal("admin", job.GetProperty("created_by").GetString());
    }

    [Theory]
    [InlineData("command is not allowed: ls", "command is not allowed: ls")]
    [InlineData("remote commands execution is disabled", "remote commands execution is disabled")]
    [InlineData("unknown request", "this agent does not run commands")]
    public async Task A_refusal_of_the_agent_is_told_and_kept(string reply, string text)
    {
        string id = $"refuses-{text.Length}";
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, id);
        client.OnQuestion = _ => new AgentReplied(false, reply);
        await (await PostAsync(id, "commands", """{"command":"ls"}""")).FailsAsync(409, $"client error: {text}");

        JsonElement kept = Assert.Single((await (await _gateway.Http.GetAsync($"clients/{id}/commands")).DataAsync()).EnumerateArray());
        Assert.Equal("failed", kept.GetProperty("status").GetString());
        Assert.Equal(text, (await JobAsync(id, kept.GetProperty("jid").GetString()!)).GetProperty("error").GetString());
    }

    [Theory]
    [InlineData(RefusalReason.NotConnected, 409, "client error: the connection was lost", "running")]
    [InlineData(RefusalReason.Busy, 503, "Too many requests wait for this client, please try later.", "failed")]
    [InlineData(RefusalReason.GatewayFailed, 500, "The client could not be asked.", "running")]
    public async Task What_may_have_been_started_is_not_called_failed(RefusalReason reason, int status, string title, string stands)
    {
        string id = $"unclear-{reason}";
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, id);
        client.OnQuestion = _ => new Refused(reason);
        await (await PostAsync(id, "commands", """{"command":"ls"}""")).FailsAsync(status, title);
        JsonElement kept = Assert.Single((await (await _gateway.Http.GetAsync($"clients/{id}/commands")).DataAsync()).EnumerateArray());
        Assert.Equal(stands, kept.GetProperty("status").GetString());
    }

    [Fact]
    public async Task An_agent_that_is_too_busy_to_answer_has_the_command_all_the_same()
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, "busy-now");
        client.OnQuestion = _ => new Refused(RefusalReason.TimedOut);
        JsonElement ordered = await (await PostAsync("busy-now", "commands", """{"command":"ls"}""")).DataAsync();
        JsonElement job = await JobAsync("busy-now", ordered.GetProperty("jid").GetString()!);
        Assert.Equal("running", job.GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, job.GetProperty("result").ValueKind);
    }

    [Fact]
    public async Task The_list_has_pages_newest_first()
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, "lists");
        client.OnQuestion = _ => new AgentReplied(true, "{}");
        List<string> jobs = [];
        for (int i = 0; i < 5; i++)
        {
            jobs.Insert(0, (await (await PostAsync("lists", "commands", """{"command":"ls"}""")).DataAsync()).GetProperty("jid").GetString()!);
        }

        JsonElement body = await (await _gateway.Http.GetAsync("clients/lists/commands?page[limit]=2&page[offset]=1")).JsonAsync();
        Assert.Equal(jobs[1..3], body.GetProperty("data").EnumerateArray().Select(job => job.GetProperty("jid").GetString()!));
        Assert.Equal(5, body.GetProperty("meta").GetProperty("count").GetInt32());
        await (await _gateway.Http.GetAsync("clients/lists/commands?page[limit]=1001")).FailsAsync(400, "pagination limit too big (1001) maximum is 1000");
    }

    private static CommandJob Order(SessionQuestion question)
    {
        AskAgent request = Assert.IsType<AskAgent>(question);
        Assert.Equal(RequestNames.RunCommand, request.Name);
        return ProtocolJson.TryRead(Encoding.UTF8.GetBytes(request.Payload), ProtocolJson.Default.CommandJob)!;
    }

    private Task<HttpResponseMessage> PostAsync(string client, string call, string body) =>
        _gateway.Http.PostAsync($"clients/{client}/{call}", new StringContent(body, Encoding.UTF8, "application/json"));

    private async Task<JsonElement> JobAsync(string client, string jid) => await (await _gateway.Http.GetAsync($"clients/{client}/commands/{jid}")).DataAsync();
}
