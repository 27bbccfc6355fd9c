using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Tests.Agents;

/// <summary>Agents that go silent without a word.</summary>
public sealed class LivenessTests
{
    private static readonly (string, string)[] Quick =
    [
        ("Agents:Sessions:KeepAliveInterval", "00:00:00.3"), ("Agents:Sessions:KeepAliveTimeout", "00:00:00.5"),
        ("Agents:Sessions:ProveAliveTimeout", "00:00:00.5"), ("Agents:Sessions:RefusalLinger", "00:00:00.1"),
    ];

    [Fact]
    public async Task A_silent_agent_that_answers_pings_stays()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(Quick);
        await using TestAgent agent = await TestAgent.ConnectAsync(gateway, "one");
        for (int i = 0; i < 4; i++)
        {
            await agent.RequestedAsync(RequestNames.Ping);
        }

        Assert.False(agent.Connection.Completion.IsCompleted);
        Assert.True((await gateway.ClientAsync("one"))!.Connected);
    }

    [Fact]
    public async Task An_agent_that_answers_nothing_any_more_is_disconnected()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(Quick);
        await using TestAgent agent = await TestAgent.ConnectAsync(gateway, "one");
        TaskCompletionSource<SshReply> never = new();
        agent.Answer = _ => never.Task;
        Assert.Contains("no sign of life", (await agent.ClosedAsync()).Message);
        await GatewayUnderTest.UntilAsync(async () => (await gateway.ClientAsync("one"))!.Connected == false);
    }

    [Fact]
    public async Task A_dead_holder_of_an_id_gives_way_when_another_asks()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(
            ("Agents:Sessions:ProveAliveTimeout", "00:00:00.5"), ("Agents:Sessions:RefusalLinger", "00:00:00.1"));
        await using TestAgent dead = await TestAgent.ConnectAsync(gateway, "one");
        TaskCompletionSource<SshReply> never = new();
        dead.Answer = _ => never.Task;
        await GatewayUnderTest.UntilAsync(async () =>
        {
            await using TestAgent other = await TestAgent.LoginAsync(gateway);
            return (await other.RegisterAsync("one")).Success;
        });
        Assert.Contains("no sign of life", (await dead.ClosedAsync()).Message);
    }

    [Fact]
    public async Task An_existing_agent_that_is_busy_with_a_push_is_left_alone()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(Quick);
        await using TestAgent agent = await TestAgent.ConnectAsync(gateway, "old");
        TaskCompletionSource<SshReply> result = new();
        TaskCompletionSource ordered = new();
        agent.Answer = request =>
        {
            if (request.Name == RequestNames.Upload)
            {
                ordered.TrySetResult();
            }

            return ordered.Task.IsCompleted ? result.Task : Task.FromResult(SshReply.Ok());
        };
        PushOrder push = await gateway.PushAsync([1, 2, 3], "old");
        await ordered.Task.WaitAsync(TestAgent.Patience);

        // Well beyond interval and timeout together, the connection is still there.
        Assert.NotEqual(agent.Connection.Completion, await Task.WhenAny(agent.Connection.Completion, Task.Delay(TimeSpan.FromSeconds(2))));
        result.SetResult(SshReply.Ok("""{"status":"success","filepath":"/x","size":3}"""u8.ToArray()));
        Assert.Equal(PushStatus.Success, (await gateway.FinishedAsync(push, "old")).Status);
    }
}
