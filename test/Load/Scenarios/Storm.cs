using System.Diagnostics;
using RPort.Load.Agents;

namespace RPort.Load.Scenarios;

/// <summary>All agents connect at once; others that were there before may work meanwhile.</summary>
internal static class Storm
{
    private const string AllIn = "all are connected";
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(3);

    public static async Task RunAsync(Bench bench, int beside, CancellationToken cancellationToken)
    {
        if (beside == 0)
        {
            await using Fleet alone = await bench.StormAsync(cancellationToken);
            Bench.Progress(AllIn);
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
        await RunElsewhereAsync(bench, beside, () => work.Tell("during"), cancellationToken);
        work.Tell("while they leave");
        bench.Report.Add("working agents that lost their connection", working.Counts.Waits.Count, "");
        bench.Report.Add("working agents connected at the end", working.Counts.Online, "");
    }

    /// <summary>
    /// The storm from a process of its own, at the lowest priority: in the field those agents are other machines. In this process they would stand before
    /// the working ones in the same thread pool, and what is measured would be that.
    /// </summary>
    private static async Task RunElsewhereAsync(Bench bench, int first, Action allIn, CancellationToken cancellationToken)
    {
        string json = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new("nice", ["-n", "19", "dotnet", typeof(Storm).Assembly.Location, .. bench.ArgumentsForAnother("storm", first, json)])
            {
                RedirectStandardOutput = true, // its table is a part of ours
                RedirectStandardError = true,
            };
            using Process storm = Process.Start(start) ?? throw new LoadException("the storm's process could not be started");
            using CancellationTokenRegistration end = cancellationToken.Register(() => storm.Kill(entireProcessTree: true));
            Task<string> table = storm.StandardOutput.ReadToEndAsync(cancellationToken);
            while (await storm.StandardError.ReadLineAsync(cancellationToken) is { } line)
            {
                await Console.Error.WriteLineAsync(line);
                if (line.EndsWith(AllIn, StringComparison.Ordinal))
                {
                    allIn();
                }
            }

            await table;
            await storm.WaitForExitAsync(cancellationToken);
            if (storm.ExitCode != 0)
            {
                throw new LoadException($"the storm's process ended with code {storm.ExitCode}");
            }

            await Task.Delay(After, cancellationToken); // the server looks after those that left
            bench.Report.AddSaved(json);
        }
        finally
        {
            File.Delete(json);
        }
    }
}
