using RPort.Load.Agents;

namespace RPort.Load.Scenarios;

/// <summary>All agents connect at once; others that were there before may work meanwhile.</summary>
internal static class Storm
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(3);

    public static async Task RunAsync(Bench bench, int beside, CancellationToken cancellationToken)
    {
        if (beside == 0)
        {
            await using Fleet alone = await bench.StormAsync(cancellationToken);
            return;
        }

        Bench.Progress($"connecting {beside} agents that work");
        await using Fleet working = await bench.CreateFleetAsync(beside, cancellationToken);
        working.Start();
        await working.Counts.ReachAsync(beside, LongestStart, cancellationToken);
        working.Counts.Clear();
        await using DailyWork work = await DailyWork.StartAsync(bench, working, cancellationToken);
        await Task.Delay(Before, cancellationToken); // connections and code get warm
        work.Clear();
        await Task.Delay(Before, cancellationToken);
        work.Tell("before");
        await using Fleet storm = await bench.StormAsync(cancellationToken, first: beside);
        work.Tell("during");
        bench.Report.Add("working agents that lost their connection", working.Counts.Waits.Count, "");
        bench.Report.Add("working agents connected at the end", working.Counts.Online, "");
    }
}
