using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.EndToEnd.Replay;

/// <summary>File pushes to existing agents.</summary>
[Collection(ReplayGateway.Collection)]
public sealed class PushReplayTests(ReplayGateway gateway)
{
    private const string Content = "file pushed by the real rportd\n";

    [Fact]
    public async Task The_recorded_push_happens_again()
    {
        await using RecordedAgent agent = await RecordedAgent.LoginAsync(gateway);
        await agent.AskAsync(RequestNames.NewConnection, RecordedAgent.Recorded(RequestNames.NewConnection));
        TaskCompletionSource<byte[]> fetched = new();
        agent.Answer(RequestNames.Upload, async request =>
        {
            fetched.SetResult(await RecordedFetch.RunAsync(agent.Connection, PathIn(request)));
            return SshReply.Ok(Encoding.UTF8.GetBytes(RecordedAgent.Recorded("upload_reply")));
        });
        await using FeedListener feed = await FeedListener.ConnectAsync(gateway.Process);
        await File.WriteAllTextAsync(gateway.Folder["push.txt"], Content);
        Push push = await Push.StartAsync(gateway.Process, gateway.Folder["push.txt"], "/srv/recv/push.txt", ["go-client-1"], ("mode", "0640"), ("id", "up-0001"));

        // The same keys in the same order with the same values, and none that these agents do not know; only the path is ours.
        JsonNode order = JsonNode.Parse((await agent.HeardAsync(RequestNames.Upload)).Payload.Span)!;
        JsonNode recorded = JsonNode.Parse(RecordedAgent.Recorded(RequestNames.Upload))!;
        recorded["SourceFilePath"] = (string)order["SourceFilePath"]!;
        Assert.Equal(recorded.ToJsonString(), order.ToJsonString());

        Assert.Equal(Content, Encoding.UTF8.GetString(await fetched.Task.WaitAsync(TimeSpan.FromSeconds(20))));
        Assert.Equal(
            """{"client_id":"go-client-1","uuid":"up-0001","filepath":"/srv/recv/push.txt","size":31,"message":"file successfully copied to destination /srv/recv/push.txt","status":"success"}""" + "\n",
            (await feed.ReceiveAsync(1, TimeSpan.FromSeconds(20)))[0]);
        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromSeconds(20)))["go-client-1"].Status);
    }

    [Theory]
    [InlineData("exists", true, "/srv/recv/push.txt", 0, "file /srv/recv/push.txt already exists, should not be synched or overwritten with force", "ignored")]
    [InlineData("note", true, "/srv/recv/o.txt", 31, "chown of /var/lib/rport/filepush/x_rport_filepush failed: sudo: not found.file successfully copied to destination /srv/recv/o.txt", "success")]
    [InlineData("protected", false, "", 0, "target path /usr/bin matches protected pattern /usr/bin, therefore the file push request is rejected", "error")]
    public async Task Its_answer_is_the_result(string id, bool success, string path, int size, string message, string status)
    {
        string client = $"answers-{id}";
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, client);
        agent.Answer(RequestNames.Upload, request => Task.FromResult(success
            ? SshReply.Ok(Encoding.UTF8.GetBytes(new JsonObject { ["uuid"] = id, ["filepath"] = path, ["size"] = size, ["message"] = message, ["status"] = status }.ToJsonString()))
            : SshReply.Fail(message)));
        string told = success ? message : $"client error: {message}";

        await using FeedListener feed = await FeedListener.ConnectAsync(gateway.Process);
        await File.WriteAllTextAsync(gateway.Folder[id], Content);
        Push push = await Push.StartAsync(gateway.Process, gateway.Folder[id], "/srv/recv/push.txt", [client], ("id", id));
        Assert.Equal(
            $$"""{"client_id":"{{client}}","uuid":"{{id}}","filepath":"{{path}}","size":{{size}},"message":"{{told}}","status":"{{status}}"}""" + "\n",
            (await feed.ReceiveAsync(1, TimeSpan.FromSeconds(20)))[0]);
        Assert.Equal(told, (await push.FinishedAsync(TimeSpan.FromSeconds(20)))[client].Message);
    }

    [Fact]
    public async Task A_larger_file_comes_whole_one_block_at_a_time()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "larger");
        string file = RandomFile.Create(gateway.Folder["larger"], 5_000_000);
        TaskCompletionSource<byte[]> fetched = new();
        agent.Answer(RequestNames.Upload, async request =>
        {
            fetched.SetResult(await RecordedFetch.RunAsync(agent.Connection, PathIn(request)));
            return SshReply.Ok(Encoding.UTF8.GetBytes("""{"uuid":"larger","filepath":"/srv/larger","size":5000000,"message":"","status":"success"}"""));
        });
        Push push = await Push.StartAsync(gateway.Process, file, "/srv/larger", ["larger"], ("id", "larger"));
        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromSeconds(60)))["larger"].Status);
        Assert.Equal(await File.ReadAllBytesAsync(file), await fetched.Task);
    }

    [Fact]
    public async Task Pushes_come_one_after_the_other()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "one-by-one");
        TaskCompletionSource first = new();
        int orders = 0;
        agent.Answer(RequestNames.Upload, async request =>
        {
            if (Interlocked.Increment(ref orders) == 1)
            {
                await first.Task;
            }

            string id = JsonDocument.Parse(request.Payload).RootElement.GetProperty("ID").GetString()!;
            return SshReply.Ok(Encoding.UTF8.GetBytes(new JsonObject { ["uuid"] = id, ["filepath"] = "/f", ["size"] = 10, ["message"] = "", ["status"] = "success" }.ToJsonString()));
        });
        string file = RandomFile.Create(gateway.Folder["one-by-one"], 10);
        Push one = await Push.StartAsync(gateway.Process, file, "/srv/1", ["one-by-one"]);
        await agent.HeardAsync(RequestNames.Upload);
        Push two = await Push.StartAsync(gateway.Process, file, "/srv/2", ["one-by-one"]);
        Assert.Equal(1, orders);
        first.SetResult();
        Assert.Equal("success", (await one.FinishedAsync(TimeSpan.FromSeconds(20)))["one-by-one"].Status);
        Assert.Equal("success", (await two.FinishedAsync(TimeSpan.FromSeconds(20)))["one-by-one"].Status);
    }

    private static string PathIn(SshRequest order) => JsonDocument.Parse(order.Payload).RootElement.GetProperty("SourceFilePath").GetString()!;
}
