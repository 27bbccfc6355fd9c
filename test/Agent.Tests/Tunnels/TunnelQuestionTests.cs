using System.Net;
using System.Net.Sockets;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Testing;

namespace RPort.Agent.Tests.Tunnels;

/// <summary>What a gateway asks before it makes a tunnel, answered as existing agents do.</summary>
public sealed class TunnelQuestionTests
{
    [Theory]
    [InlineData("127.0.0.1:22", true)]
    [InlineData("127.0.0.1:22/udp", true)]
    [InlineData("good.example:22", true)]
    [InlineData("192.0.2.1:22", false)]
    [InlineData("[::1]:22", false)]
    [InlineData("mixed.example:22", false)]
    public async Task A_target_is_allowed_or_not(string remote, bool allowed)
    {
        await using TunnelPair pair = await TunnelPair.CreateAsync(["127.0.0.0/8"], resolve: ResolveAsync);
        string reason = allowed ? "" : ""","Reason":"not allowed with \u0022tunnel_allowed\u0022 config" """.TrimEnd();
        string expected = $$"""{"IsAllowed":{{(allowed ? "true" : "false")}}{{reason}}}""";
        Assert.Equal(expected, await pair.AnswerAsync(RequestNames.CheckTunnelAllowed, $$"""{"Remote":"{{remote}}"}"""));

        pair.Service.Tunnel2 = false;
        Assert.Equal($$"""{"IsAllowed":{{(allowed ? "true" : "false")}}}""", await pair.AnswerAsync(RequestNames.CheckTunnelAllowed, $$"""{"Remote":"{{remote}}"}"""));
    }

    [Fact]
    public async Task A_name_that_can_not_be_resolved_now_is_a_failure_and_no_denial()
    {
        await using TunnelPair pair = await TunnelPair.CreateAsync(["127.0.0.0/8"], resolve: ResolveAsync);
        Assert.Equal(
            "FAILURE dial tcp: lookup other.example: temporary failure in name resolution", await pair.AnswerAsync(RequestNames.CheckTunnelAllowed, """{"Remote":"other.example:22"}"""));
    }

    [Fact]
    public async Task Without_a_list_no_name_is_looked_up()
    {
        await using TunnelPair pair = await TunnelPair.CreateAsync(resolve: static (_, _) => throw new InvalidOperationException("looked up"));
        Assert.Equal("""{"IsAllowed":true}""", await pair.AnswerAsync(RequestNames.CheckTunnelAllowed, """{"Remote":"other.example:22"}"""));
    }

    [Theory]
    [InlineData(RequestNames.CheckTunnelAllowed, "")]
    [InlineData(RequestNames.CheckTunnelAllowed, """{"Remote":"x"}""")]
    [InlineData(RequestNames.CheckPort, """{"HostPort":7}""")]
    [InlineData(RequestNames.CheckPort, """{"HostPort":"127.0.0.1:53/udp"}""")]
    public async Task What_is_no_question_fails(string name, string json)
    {
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        Assert.Equal("FAILURE the target must be host:port", await pair.AnswerAsync(name, json));
    }

    [Fact]
    public async Task An_open_port_and_a_closed_one()
    {
        await using EchoTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync();
        pair.Service.Tunnel2 = false;
        Assert.Equal("""{"Open":true,"ErrMsg":""}""", await AskPortAsync(pair, target.Address));
        Assert.Equal("""{"Open":false,"ErrMsg":"dial tcp 127.0.0.1:1: connect: connection refused"}""", await AskPortAsync(pair, "127.0.0.1:1"));
        pair.Service.Tunnel2 = true;
        Assert.Equal("""{"Open":false,"ErrMsg":"dial tcp 127.0.0.1:1: connect: connection refused","TimedOut":false}""", await AskPortAsync(pair, "127.0.0.1:1"));
    }

    [Fact]
    public async Task A_port_that_may_not_be_reached_is_not_tried()
    {
        await using EchoTarget target = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync(["192.0.2.0/24"]);
        Assert.Equal($"FAILURE {RequestNames.TunnelNotAllowed}", await AskPortAsync(pair, target.Address));
        Assert.Equal(0, target.Accepted);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(3_000_000_000, 3)]
    [InlineData(long.MaxValue, 60)]
    public async Task A_silent_port_is_given_up_after_the_time_asked_for_at_most_a_minute(long nanoseconds, int seconds)
    {
        using SwallowingTarget silent = await SwallowingTarget.CreateAsync();
        await using EchoTarget target = new();
        ManualTime time = new();
        await using TunnelPair pair = await TunnelPair.CreateAsync(clock: time);
        string hostPort = $"127.0.0.1:{silent.Port}";
        Task<string> asked = pair.AnswerAsync(RequestNames.CheckPort, $$"""{"HostPort":"{{hostPort}}","Timeout":{{nanoseconds}}}""");
        Task<string> next = pair.AnswerAsync(RequestNames.Ping, "");
        await time.ArmedAsync(1);
        await pair.OpenAsync(target.Address); // held up by nothing
        time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        await pair.OpenAsync(target.Address);
        Assert.False(asked.IsCompleted || next.IsCompleted); // replies keep their order

        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal($$"""{"Open":false,"ErrMsg":"dial tcp {{hostPort}}: i/o timeout","TimedOut":true}""", await asked);
        Assert.Equal("", await next);
    }

    private static Task<string> AskPortAsync(TunnelPair pair, string hostPort) =>
        pair.AnswerAsync(RequestNames.CheckPort, $$"""{"HostPort":"{{hostPort}}","Timeout":2000000000}""");

    private static Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken) => name switch
    {
        "good.example" => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("127.0.0.2")]),
        "mixed.example" => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.IPv6Loopback]),
        _ => throw new SocketException((int)SocketError.TryAgain),
    };
}
