using BenchmarkDotNet.Attributes;
using Xunit.Abstractions;

// What other tests allocate beside a measurement would count into it.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace RPort.Benchmarks.Budgets;

/// <summary>Allocations are held to a budget; times depend on the machine and are only charted.</summary>
public sealed class BudgetTests(ITestOutputHelper output)
{
    public static TheoryData<string> Cases => [.. BudgetCase.All.Keys];

#if DEBUG
    [Theory(Skip = "Budgets are those of optimized code: dotnet test -c Release.")]
#else
    [Theory]
#endif
    [MemberData(nameof(Cases))]
    public async Task An_operation_allocates_no_more_than_its_budget(string benchmark)
    {
        BudgetCase found = BudgetCase.All[benchmark];
        long measured = await found.MeasureAsync();
        output.WriteLine($"{measured} of {found.Allowed} bytes");
        string? complaint = found.Judge(measured);
        Assert.True(complaint is null, complaint);
    }

    [Theory]
    [InlineData(nameof(Samples.Spending.WithinBudget), null)]
    [InlineData(nameof(Samples.Spending.AsyncWithinBudget), null)]
    [InlineData(nameof(Samples.Spending.OverBudget), "Spending.OverBudget allocates 1024 bytes per operation; its budget allows 1000.")]
    [InlineData(nameof(Samples.Spending.AsyncOverBudget), "Spending.AsyncOverBudget allocates 1024 bytes per operation; its budget allows 1000.")]
    [InlineData(nameof(Samples.Spending.Unlimited), "Spending.Unlimited has no allocation budget. It allocates 1024 bytes per operation.")]
    public async Task A_benchmark_that_spends_too_much_or_has_no_budget_is_named(string method, string? complaint)
    {
        BudgetCase subject = BudgetCase.Of(typeof(Samples.Spending))[$"Spending.{method}"];
        Assert.Equal(complaint, subject.Judge(await subject.MeasureAsync()));
    }

    [Fact]
    public async Task Every_choice_of_parameters_is_a_case_of_its_own_and_is_set_up()
    {
        IReadOnlyDictionary<string, BudgetCase> cases = BudgetCase.Of(typeof(Samples.Parametrized));
        Assert.Equal(["Parametrized.Allocate [Count=1]", "Parametrized.Allocate [Count=3]"], cases.Keys.Order());
        Assert.Equal(1024, await cases["Parametrized.Allocate [Count=1]"].MeasureAsync());
        Assert.Equal(3072, await cases["Parametrized.Allocate [Count=3]"].MeasureAsync());
    }
}
