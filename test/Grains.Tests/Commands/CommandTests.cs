using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;
using RPort.Testing;

namespace RPort.Grains.Tests.Commands;

/// <summary>Commands as they are kept: who may end one, when nobody does, and how many there are.</summary>
public sealed class CommandTests : IDisposable
{
    private static readonly ClientId Client = new("client-1");

    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_answered_survives_a_kill()
    {
        JobId running = JobId.New();
        JobId done = JobId.New();
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time))
        {
            await CreateAsync(silo, running);
            await Command(silo, running).StartedAsync(17, _time.GetUtcNow());
            await CreateAsync(silo, done);
            Assert.True(await Command(silo, done).FinishAsync(Report(CommandStatus.Failed, "exit status 1")));
            await silo.KillAsync();
        }

        await using TestSilo next = await TestSilo.StartAsync(_folder, _time);
        CommandPage page = await Log(next).ListAsync(0, 10);
        Assert.Equal([done, running], page.Jobs.AsEnumerable());
        Assert.Equal((CommandStatus.Running, 17), Of(await Command(next, running).GetAsync()));
        CommandView? ended = await Command(next, done).GetAsync();
        Assert.Equal((CommandStatus.Failed, 22600), Of(ended));
        Assert.Equal("exit status 1", ended!.Error);
        Assert.Equal(new CommandOutput("out", "err", "all fine"), await Command(next, done).GetOutputAsync());
    }

    [Fact]
    public async Task The_first_result_stays()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        JobId job = JobId.New();
        await CreateAsync(silo, job);
        Assert.True(await Command(silo, job).FinishAsync(Report(CommandStatus.Successful)));

        Assert.True(await Command(silo, job).FinishAsync(Report(CommandStatus.Failed, "again")));
        await Command(silo, job).StartedAsync(99, _time.GetUtcNow()); // the answer to the order, overtaken by the result
        await Command(silo, job).RefusedAsync("late");
        await CreateAsync(silo, job);

        Assert.Equal((CommandStatus.Successful, 22600), Of(await Command(silo, job).GetAsync()));
        Assert.Equal(1, (await Log(silo).ListAsync(0, 10)).Total);
    }

    [Fact]
    public async Task Nobody_else_ends_it()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        JobId job = JobId.New();
        await CreateAsync(silo, job);

        ICommandGrain foreign = silo.Grains.GetGrain<ICommandGrain>(ICommandGrain.KeyOf(new ClientId("client-2"), job));
        Assert.False(await foreign.FinishAsync(Report(CommandStatus.Successful)));
        Assert.Null(await foreign.GetAsync());

        Assert.Equal((CommandStatus.Running, null), Of(await Command(silo, job).GetAsync()));
    }

    [Fact]
    public async Task One_that_is_never_reported_is_unknown_until_it_is_after_all()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        JobId job = JobId.New();
        await CreateAsync(silo, job);
        _time.Advance(TimeSpan.FromSeconds(60) + CommandLimits.Grace - TimeSpan.FromTicks(1));
        Assert.Equal(CommandStatus.Running, (await Command(silo, job).GetAsync())!.Status);

        _time.Advance(TimeSpan.FromTicks(1));
        CommandView overdue = (await Command(silo, job).GetAsync())!;
        Assert.Equal((CommandStatus.Unknown, "no result came in time", _time.GetUtcNow()), (overdue.Status, overdue.Error, overdue.FinishedAt));
        Assert.Equal(CommandStatus.Unknown, (await Command(silo, job).GetSummaryAsync())!.Status);

        Assert.True(await Command(silo, job).FinishAsync(Report(CommandStatus.Successful)));
        Assert.Equal(CommandStatus.Successful, (await Command(silo, job).GetAsync())!.Status);
    }

    [Fact]
    public async Task The_oldest_are_forgotten_beyond_the_number_kept()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        JobId[] jobs = [.. Enumerable.Range(0, CommandLimits.MaxKept + 2).Select(_ => JobId.New())];
        foreach (JobId job in jobs)
        {
            await CreateAsync(silo, job);
        }

        CommandPage page = await Log(silo).ListAsync(CommandLimits.MaxKept - 1, 10);
        Assert.Equal((CommandLimits.MaxKept, jobs[2]), (page.Total, Assert.Single(page.Jobs)));
        Assert.Null(await Command(silo, jobs[1]).GetAsync());
        Assert.False(await Command(silo, jobs[1]).FinishAsync(Report(CommandStatus.Successful)));
        Assert.NotNull(await Command(silo, jobs[2]).GetAsync());
    }

    [Fact]
    public async Task They_go_with_their_client()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = new(silo, Client.Value);
        await agent.ConnectAsync();
        JobId job = JobId.New();
        await CreateAsync(silo, job);
        await silo.Client(Client.Value).DisconnectAsync(agent.Fence);

        Assert.Equal(DeleteOutcome.Deleted, await silo.Client(Client.Value).DeleteAsync());

        Assert.Equal(0, (await Log(silo).ListAsync(0, 10)).Total);
        Assert.Null(await Command(silo, job).GetAsync());
    }

    [Fact]
    public async Task A_result_that_could_not_be_written_is_not_shown_and_can_be_told_again()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        JobId job = JobId.New();
        await CreateAsync(silo, job);
        silo.Storage.Fails = true;
        await Assert.ThrowsAnyAsync<Exception>(() => Command(silo, job).FinishAsync(Report(CommandStatus.Successful)));
        silo.Storage.Fails = false;

        await silo.UntilAsync(async () => (await Command(silo, job).GetAsync())!.Status == CommandStatus.Running);
        Assert.True(await Command(silo, job).FinishAsync(Report(CommandStatus.Failed, "told again")));
        Assert.Equal("told again", (await Command(silo, job).GetAsync())!.Error);
    }

    private static (CommandStatus Status, int? Pid) Of(CommandView? command) => (command!.Status, command.Pid);

    private static ICommandGrain Command(TestSilo silo, JobId job) => silo.Grains.GetGrain<ICommandGrain>(ICommandGrain.KeyOf(Client, job));

    private static ICommandLogGrain Log(TestSilo silo) => silo.Grains.GetGrain<ICommandLogGrain>(Client.Value);

    private static Task CreateAsync(TestSilo silo, JobId job) => Command(silo, job).CreateAsync(new CommandRequest
    {
        Job = job,
        Client = Client,
        Command = "/usr/bin/whoami",
        Timeout = TimeSpan.FromSeconds(60),
        CreatedBy = "admin",
    });

    private CommandReport Report(CommandStatus status, string error = "") =>
        new(status, 22600, _time.GetUtcNow(), _time.GetUtcNow(), error, new CommandOutput("out", "err", "all fine"));
}
