using System.Diagnostics;
using RPort.Load.Agents;

namespace RPort.Load.Scenarios;

/// <summary>The gateway is killed and started again: over when all agents are back.</summary>
internal static class Reconnect
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        await using Fleet fleet = await bench.StormAsync(cancellationToken);
        fleet.Counts.Clear();
        int handles = bench.Server.Handles;
        Bench.Progress("killing the gateway");
        long start = Stopwatch.GetTimestamp();
        bench.Gateway.Kill();
        await fleet.Counts.ReachAsync(0, Longest, cancellationToken);
        bench.Gateway.Start();
        Task ready = bench.ReadyAsync(cancellationToken);
        _ = ready.ContinueWith(_ => bench.Report.Add("server ready after", Stopwatch.GetElapsedTime(start).TotalSeconds, "s"), TaskScheduler.Default);
        Task back = fleet.Counts.ReachAsync(bench.Settings.Agents, Longest, cancellationToken);
        TimeSpan half = default;
        while (!back.IsCompleted)
        {
            await Task.WhenAny(back, Task.Delay(100, cancellationToken));
            half = half == default && fleet.Counts.Online >= bench.Settings.Agents / 2 ? Stopwatch.GetElapsedTime(start) : half;
        }

        await back;
        bench.Report.Add("half of them back after", half.TotalSeconds, "s");
        bench.Report.Add("all back after", Stopwatch.GetElapsedTime(start).TotalSeconds, "s");
        bench.Report.AddPercentiles("reconnect", fleet.Counts.Connects);
        bench.Report.Add("server CPU since its start", bench.Server.Cpu.TotalSeconds, "s");
        bench.Report.Add("server handles before it was killed", handles, "");
        bench.AddWaits(fleet);
        bench.AddFailures(fleet);
    }
}
