namespace RPort.Benchmarks.Budgets;

/// <summary>What every benchmark allocates beside what it may, as the table of docs/performance.md.</summary>
internal static class BudgetReport
{
    public static async Task WriteAsync(TextWriter output)
    {
        await output.WriteLineAsync("| benchmark | bytes per operation | budget |\n|---|---|---|");
        foreach (BudgetCase benchmark in BudgetCase.All.Values)
        {
            long measured = await benchmark.MeasureAsync();
            await output.WriteLineAsync($"| {benchmark.Name} | {measured:n0} | {benchmark.Allowed:n0} |");
        }
    }
}
