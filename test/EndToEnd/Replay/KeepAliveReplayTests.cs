using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.EndToEnd.Replay;

/// <summary>Pings to existing agents, from a gateway of little patience.</summary>
public sealed class KeepAliveReplayTests : IAsyncLifetime
{
    private readonly ReplayGateway _gateway = new()
    {
        Settings = new JsonObject
        {
            ["Sessions"] = new JsonObject { ["KeepAliveInterval"] = "00:00:01", ["KeepAliveTimeout"] = "00:00:01" },
        }
    };

    public Task InitializeAsync() => _gateway.InitializeAsync();

    public Task DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_silent_agent_is_pinged_with_nothing_in_it()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(_gateway, "silent");
        SshRequest ping = await agent.HeardAsync(RequestNames.Ping);
        Assert.True(ping.WantsReply);
        Assert.Equal(0, ping.Payload.Length);
    }

    [Fact]
    public async Task An_agent_busy_with_a_push_answers_no_ping_and_stays()
    {
        TaskCompletionSource done = new();
        await using RecordedAgent busy = await RecordedAgent.ConnectAsync(_gateway, "busy");
        busy.Answer(RequestNames.Upload, async _ =>
        {
            await done.Task;
            return SshReply.Ok(System.Text.Encoding.UTF8.GetBytes("""{"uuid":"slow","filepath":"/srv/f","size":10,"message":"placed","status":"success"}"""));
        });
        Push push = await Push.StartAsync(_gateway.Process, RandomFile.Create(_gateway.Folder["slow"], 10), "/srv/f", ["busy"], ("id", "slow"));
        await busy.HeardAsync(RequestNames.Upload);

        // One that is as silent without being busy is given up; by then the busy one has been silent for longer.
        await using RecordedAgent deaf = await RecordedAgent.ConnectAsync(_gateway, "deaf");
        TaskCompletionSource<SshReply> never = new();
        deaf.Answer(RequestNames.Ping, _ => never.Task);
        await deaf.ClosedAsync();
        Assert.False(busy.Connection.Completion.IsCompleted);
        Assert.Equal("pending", Push.Clients(await push.GetAsync())["busy"].Status);

        done.SetResult();
        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromSeconds(20)))["busy"].Status);
        never.SetResult(SshReply.Ok());
    }
}
