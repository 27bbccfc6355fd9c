using Orleans.Hosting;

namespace RPort.Contract;

public interface IFilteredGrain : IGrainWithStringKey
{
    Task<int> DoubleAsync(int value);

    Task<int> AskOtherAsync(string key);

    Task FailAsync();
}

/// <summary>Filters its own calls too.</summary>
public sealed class FilteredGrain(Journal journal) : Grain, IFilteredGrain, IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        journal.Write(this.GetPrimaryKeyString(), "own filter");
        await context.Invoke();
    }

    public Task<int> DoubleAsync(int value)
    {
        journal.Write(this.GetPrimaryKeyString(), "grain");
        return Task.FromResult(value * 2);
    }

    public Task<int> AskOtherAsync(string key) => GrainFactory.GetGrain<IFilteredGrain>(key).DoubleAsync(1);

    public Task FailAsync() => throw new InvalidDataException("grain");
}

[Collection(SiloCollection.Name)]
public sealed class FilterTests
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Filters_run_in_order_around_the_grain()
    {
        List<string> lines = [];
        await using TestSilo silo = await StartAsync(
            async context =>
            {
                lines.Add($"one sees {context.InterfaceMethod.Name}");
                await context.Invoke();
                lines.Add($"one saw {context.Result}");
            },
            async context =>
            {
                lines.Add("two");
                await context.Invoke();
                context.Result = (int)context.Result! + 1;
            });
        Assert.Equal(9, await silo.Grains.GetGrain<IFilteredGrain>(_key).DoubleAsync(4).WaitAsync(Journal.Patience));
        Assert.Equal(["one sees DoubleAsync", "two", "one saw 9"], lines);
        Assert.Equal(["own filter", "grain"], silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_filter_knows_who_is_called_and_by_whom()
    {
        List<string> lines = [];
        await using TestSilo silo = await StartAsync(context =>
        {
            lines.Add($"{context.SourceId?.ToString() ?? "outside"} > {context.TargetId} {context.InterfaceName} {context.MethodName} "
                + $"{context.ImplementationMethod.DeclaringType!.Name} {context.Grain.GetType().Name} {context.TargetContext.GrainId == context.TargetId}");
            return context.Invoke();
        });
        Assert.Equal(2, await silo.Grains.GetGrain<IFilteredGrain>(_key).AskOtherAsync("other" + _key).WaitAsync(Journal.Patience));
        Assert.EndsWith($"> filtered/{_key} RPort.Contract.IFilteredGrain AskOtherAsync FilteredGrain FilteredGrain True", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            $"filtered/{_key} > filtered/other{_key} RPort.Contract.IFilteredGrain DoubleAsync FilteredGrain FilteredGrain True", lines[1]);
    }

    [Fact]
    public async Task A_filter_may_refuse_a_call()
    {
        await using TestSilo silo = await StartAsync(_ => throw new UnauthorizedAccessException("no"));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(
            () => silo.Grains.GetGrain<IFilteredGrain>(_key).DoubleAsync(4).WaitAsync(Journal.Patience));
        Assert.Empty(silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_filter_may_answer_for_the_grain()
    {
        await using TestSilo silo = await StartAsync(context =>
        {
            context.Result = 42;
            return Task.CompletedTask;
        });
        Assert.Equal(42, await silo.Grains.GetGrain<IFilteredGrain>(_key).DoubleAsync(4).WaitAsync(Journal.Patience));
        Assert.Empty(silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_filter_that_does_neither_fails_the_call()
    {
        await using TestSilo silo = await StartAsync(_ => Task.CompletedTask);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => silo.Grains.GetGrain<IFilteredGrain>(_key).DoubleAsync(4).WaitAsync(Journal.Patience));
    }

    [Fact]
    public async Task A_filter_sees_what_the_grain_throws()
    {
        string? seen = null;
        await using TestSilo silo = await StartAsync(async context =>
        {
            try
            {
                await context.Invoke();
            }
            catch (InvalidDataException exception)
            {
                seen = exception.Message;
                throw new ApplicationException("from the filter", exception);
            }
        });
        await Assert.ThrowsAsync<ApplicationException>(() => silo.Grains.GetGrain<IFilteredGrain>(_key).FailAsync().WaitAsync(Journal.Patience));
        Assert.Equal("grain", seen);
    }

    [Fact]
    public async Task A_filter_runs_on_the_grains_scheduler()
    {
        bool own = false;
        await using TestSilo silo = await StartAsync(async context =>
        {
            await Task.Yield();
            own = TaskScheduler.Current != TaskScheduler.Default;
            await context.Invoke();
        });
        Assert.Equal(2, await silo.Grains.GetGrain<IFilteredGrain>(_key).DoubleAsync(1).WaitAsync(Journal.Patience));
        Assert.True(own);
    }

    // Real silos send themselves calls as well; the filters under test see those of this test's grains only.
    private static Task<TestSilo> StartAsync(params IncomingGrainCallFilterDelegate[] filters) => TestSilo.StartAsync(builder =>
    {
        foreach (IncomingGrainCallFilterDelegate filter in filters)
        {
            builder.AddIncomingGrainCallFilter(context => context.Grain is FilteredGrain ? filter(context) : context.Invoke());
        }
    });
}
