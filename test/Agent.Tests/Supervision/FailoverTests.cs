using RPort.Agent.Configuration;
using RPort.Agent.Tests.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Agent.Tests.Supervision;

public sealed class FailoverTests : IDisposable
{
    private readonly SshHostKey _key = SshHostKey.GenerateEcdsa();

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task Fallbacks_are_tried_in_order_and_left_only_once_the_primary_stands()
    {
        int primaryPort = FreePort();
        await using FakeGateway refusing = new(_key) { Refusal = "no" };
        await using FakeGateway second = new(_key);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, $"127.0.0.1:{primaryPort}", refusing.Url, second.Url);
        options.Client.ServerSwitchbackInterval = TimeSpan.FromMilliseconds(100);
        await using RunningAgent agent = new(options);

        (SshConnection onFallback, ConnectionRequest first) = await second.RegisteredAsync();
        Assert.Equal(1, refusing.Accepted);
        await Until.TrueAsync(() => agent.Log.Contains("staying on the fallback", StringComparison.Ordinal));
        Assert.False(onFallback.Completion.IsCompleted);

        await using FakeGateway primary = new(_key, primaryPort) { Refusal = "not yet" };
        await Until.TrueAsync(() => primary.Accepted >= 2);
        Assert.False(onFallback.Completion.IsCompleted); // an answer at the door is no proof

        primary.Refusal = null;
        (SshConnection onPrimary, ConnectionRequest again) = await primary.RegisteredAsync();
        await onFallback.Completion.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(onPrimary.Completion.IsCompleted);
        Assert.Equal(first.SessionId, again.SessionId);
        Assert.True((await onPrimary.RequestAsync(RequestNames.Ping, default, CancellationToken.None)).Success);
    }

    [Fact]
    public async Task A_gateway_that_stops_is_left_once_another_one_stands()
    {
        await using FakeGateway other = new(_key) { Refusal = "not yet" };
        await using FakeGateway stops = new(_key);
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, stops.Url, other.Url));
        (SshConnection left, ConnectionRequest first) = await stops.RegisteredAsync();
        Assert.Contains(ProtocolFeatures.Handover, first.Features!);
        stops.Refusal = "the gateway stops";

        await left.NotifyAsync(RequestNames.HandOver, default, CancellationToken.None);
        await Until.TrueAsync(() => other.Accepted >= 2);
        Assert.False(left.Completion.IsCompleted); // the one that stops still carries what runs

        other.Refusal = null;
        (SshConnection next, ConnectionRequest again) = await other.RegisteredAsync();
        await left.Completion.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(first.SessionId, again.SessionId);
        Assert.True((await next.RequestAsync(RequestNames.Ping, default, CancellationToken.None)).Success);
    }

    [Fact]
    public async Task A_lost_primary_is_replaced_by_the_fallback()
    {
        await using FakeGateway fallback = new(_key);
        await using FakeGateway primary = new(_key);
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, primary.Url, fallback.Url));
        await primary.RegisteredAsync();
        await primary.DisposeAsync();
        await fallback.RegisteredAsync();
    }

    [Fact]
    public async Task A_gateway_that_stops_reading_is_left_after_the_keep_alive()
    {
        await using FakeGateway gateway = new(_key);
        StallingStream? stalling = null;
        gateway.Wrap = stream => stalling = new StallingStream(stream);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        options.Connection.KeepAlive = TimeSpan.FromSeconds(1);
        options.Connection.KeepAliveTimeout = TimeSpan.FromSeconds(1);
        await using RunningAgent agent = new(options);
        await gateway.RegisteredAsync();
        stalling!.Stall();
        gateway.Wrap = stream => stream;
        await gateway.RegisteredAsync();
        Assert.Contains("no sign of life", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pings_are_sent_and_a_gateway_that_refuses_them_is_alive_all_the_same()
    {
        await using FakeGateway gateway = new(_key) { Answer = _ => SshReply.Fail("no") };
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        options.Connection.KeepAlive = TimeSpan.FromMilliseconds(50);
        await using RunningAgent agent = new(options);
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        for (int i = 0; i < 5; i++)
        {
            Assert.True((await gateway.RequestedAsync(RequestNames.Ping)).WantsReply);
        }

        Assert.False(connection.Completion.IsCompleted);
    }

    [Fact]
    public void The_defaults_notice_a_dead_link_within_a_minute()
    {
        ConnectionOptions options = new();
        Assert.True(options.KeepAlive + options.KeepAliveTimeout + options.KeepAliveTimeout < TimeSpan.FromSeconds(60));
    }

    private static int FreePort()
    {
        using System.Net.Sockets.TcpListener probe = new(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        return ((System.Net.IPEndPoint)probe.LocalEndpoint).Port;
    }
}
