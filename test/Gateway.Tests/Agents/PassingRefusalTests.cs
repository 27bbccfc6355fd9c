using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Tests.Agents;

/// <summary>Agents that cannot take a push now: nothing is lost by that, and nothing is final.</summary>
public sealed class PassingRefusalTests : IAsyncLifetime
{
    private GatewayUnderTest _gateway = null!;

    public async Task InitializeAsync() => _gateway = await GatewayUnderTest.StartAsync(("Agents:Sessions:MaxConcurrentPushes", "1"));

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    [Theory]
    [InlineData(UploadRefusals.Busy)]
    [InlineData(UploadRefusals.NotConnected)]
    public async Task A_push_refused_for_the_moment_stays_pending_and_is_ordered_again(string refusal)
    {
        await using TestAgent agent = await TestAgent.ConnectAsync(_gateway, "one", ProtocolFeatures.Push2);
        RefuseUploads(agent, refusal, times: 2);
        PushOrder push = await _gateway.PushAsync([1, 2, 3], "one");
        UploadOrder first = await agent.OrderedAsync();
        UploadOrder second = await agent.OrderedAsync();
        UploadOrder third = await agent.OrderedAsync();
        Assert.Equal([push.Upload.Value, push.Upload.Value, push.Upload.Value], [first.Id, second.Id, third.Id]);
        Assert.Equal(PushStatus.Pending, (await _gateway.TargetAsync(push, "one")).Status);

        Assert.Equal([1, 2, 3], await PushTests.DownloadAsync(agent, third.SourceFilePath));
        Assert.Equal("success:", await agent.ReportAsync(PushTests.Result(push, UploadResult.Success)));
        Assert.Equal(PushStatus.Success, (await _gateway.TargetAsync(push, "one")).Status);
    }

    [Fact]
    public async Task A_push_taken_back_while_it_waits_makes_room_for_the_next()
    {
        await using TestAgent agent = await TestAgent.ConnectAsync(_gateway, "one", ProtocolFeatures.Push2);
        RefuseUploads(agent, UploadRefusals.Busy, times: 1);
        PushOrder push = await _gateway.PushAsync([1], "one");
        await agent.OrderedAsync();
        await _gateway.Grains.GetGrain<IUploadGrain>(push.Upload.Value).CancelAsync();
        PushOrder next = await _gateway.PushAsync([2], "one");
        Assert.Equal(next.Upload.Value, (await agent.OrderedAsync()).Id);
        Assert.Equal(PushStatus.Canceled, (await _gateway.TargetAsync(push, "one")).Status);
    }

    [Fact]
    public async Task A_refusal_that_is_not_of_the_moment_is_the_result()
    {
        await using TestAgent agent = await TestAgent.ConnectAsync(_gateway, "one", ProtocolFeatures.Push2);
        RefuseUploads(agent, UploadRefusals.Disabled, times: 1);
        PushOrder push = await _gateway.PushAsync([1], "one");
        UploadTargetView target = await _gateway.FinishedAsync(push, "one");
        Assert.Equal((PushStatus.Error, "client error: " + UploadRefusals.Disabled), (target.Status, target.Message));
    }

    private static void RefuseUploads(TestAgent agent, string why, int times)
    {
        Func<SshRequest, Task<SshReply>> accept = agent.Answer;
        int refused = 0;
        agent.Answer = request => request.Name == RequestNames.Upload && Interlocked.Increment(ref refused) <= times
            ? Task.FromResult(SshReply.Fail(why))
            : accept(request);
    }
}
