using System.Text;
using RPort.Gateway.Agents.Commands;
using RPort.Grains.Abstractions;
using RPort.Protocol;

namespace RPort.Gateway.Tests.Agents;

/// <summary>What agents say of commands.</summary>
public sealed class CommandResultTests : IAsyncLifetime
{
    private GatewayUnderTest _gateway = null!;

    public async Task InitializeAsync() => _gateway = await GatewayUnderTest.StartAsync();

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    [Fact]
    public async Task A_result_counts_from_the_client_that_was_given_the_command_only()
    {
        await using TestAgent own = await TestAgent.ConnectAsync(_gateway, "own");
        await using TestAgent other = await TestAgent.ConnectAsync(_gateway, "other");
        JobId job = JobId.New();
        ICommandGrain command = _gateway.Grains.GetGrain<ICommandGrain>(ICommandGrain.KeyOf(new ClientId("own"), job));
        await command.CreateAsync(new CommandRequest { Job = job, Client = new ClientId("own"), Command = "ls", Timeout = TimeSpan.FromMinutes(1) });

        // What it says of the client and the order does not matter.
        CommandJob result = new() { Id = job.ToString(), Status = CommandJob.Successful, ClientId = "own", Result = new CommandJobResult { Stdout = "forged" } };
        Assert.Equal("failure:unknown command", await TellAsync(other, result));
        Assert.Equal(CommandStatus.Running, (await command.GetAsync())!.Status);

        Assert.Equal("success:", await TellAsync(own, result with { ClientId = "other", Command = "other", Result = new CommandJobResult { Stdout = "true" } }));
        Assert.Equal("success:", await TellAsync(own, result with { Status = CommandJob.Failed }));
        Assert.Equal((CommandStatus.Successful, "ls"), ((await command.GetAsync())!.Status, (await command.GetAsync())!.Request.Command));
        Assert.Equal("true", (await command.GetOutputAsync())!.Stdout);
        Assert.Equal("failure:unknown command", await TellAsync(own, result with { Id = JobId.New().ToString() }));
    }

    [Fact]
    public async Task Nonsense_is_refused_and_costs_nothing_else()
    {
        await using TestAgent agent = await TestAgent.ConnectAsync(_gateway, "nonsense");
        foreach (string payload in new[] { "", "null", "[]", """{"jid":"x","status":"successful"}""", $$"""{"jid":"{{JobId.New()}}","status":"running"}""", $$"""{"jid":"{{JobId.New()}}","status":"failed","pid":"a"}""" })
        {
            Assert.Equal("failure:invalid command result", await agent.TextOfAsync(RequestNames.CommandResult, Encoding.UTF8.GetBytes(payload)));
        }

        Assert.Equal("success:", await agent.TextOfAsync(RequestNames.Ping, []));
    }

    [Fact]
    public async Task Before_the_registration_there_are_no_results()
    {
        await using TestAgent agent = await TestAgent.LoginAsync(_gateway);
        Assert.Equal("failure:unknown request", await TellAsync(agent, new CommandJob { Id = JobId.New().ToString(), Status = CommandJob.Failed }));
    }

    [Fact]
    public async Task Output_over_the_bound_is_cut_and_says_so()
    {
        await using TestAgent agent = await TestAgent.ConnectAsync(_gateway, "talks");
        JobId job = JobId.New();
        ICommandGrain command = _gateway.Grains.GetGrain<ICommandGrain>(ICommandGrain.KeyOf(new ClientId("talks"), job));
        await command.CreateAsync(new CommandRequest { Job = job, Client = new ClientId("talks"), Timeout = TimeSpan.FromMinutes(1) });
        Assert.Equal("success:", await TellAsync(agent, new CommandJob
        {
            Id = job.ToString(),
            Status = CommandJob.Failed,
            Error = new string('e', 10_000),
            Result = new CommandJobResult { Stdout = string.Concat(Enumerable.Repeat("ab€", 20_000)), Stderr = new string('x', CommandLimits.MaxStderrBytes), Summary = "short" },
        }));

        CommandOutput output = (await command.GetOutputAsync())!;
        Assert.InRange(Encoding.UTF8.GetByteCount(output.Stdout), CommandLimits.MaxStdoutBytes - 3, CommandLimits.MaxStdoutBytes);
        Assert.StartsWith("ab€ab€", output.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("\n[cut by the server: only the head of 100000 bytes is kept]", output.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', output.Stdout);
        Assert.Equal(new string('x', CommandLimits.MaxStderrBytes), output.Stderr);
        Assert.EndsWith("10000 bytes is kept]", (await command.GetAsync())!.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-11-21T23:15:58.874203355Z", "2026-11-21T23:15:58.8742034Z")]
    [InlineData("2026-11-22T01:15:58+02:00", "2026-11-21T23:15:58.0000000Z")]
    [InlineData("0001-01-01T00:00:00Z", null)]
    [InlineData("yesterday, or so", null)]
    [InlineData(null, null)]
    public void Times_of_agents_are_read_as_they_are_meant(string? text, string? time) =>
        Assert.Equal(time, CommandReports.Time(text)?.UtcDateTime.ToString("O"));

    private static Task<string> TellAsync(TestAgent agent, CommandJob job) =>
        agent.TextOfAsync(RequestNames.CommandResult, ProtocolJson.Write(job, ProtocolJson.Default.CommandJob));
}
