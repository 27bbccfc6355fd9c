using RPort.Load.Agents;
using RPort.Load.Server;

namespace RPort.Load.Scenarios;

/// <summary>All agents are connected and do nothing: what the server holds for each, and what being alive costs it.</summary>
internal static class Idle
{
    public static async Task RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        await using Fleet fleet = await bench.StormAsync(cancellationToken);
        ProcessFigures before = bench.Server;
        Bench.Progress($"idle for {bench.Settings.Settle.TotalSeconds:0} s");
        await Task.Delay(bench.Settings.Settle, cancellationToken);
        ProcessFigures after = bench.Server;
        int agents = bench.Settings.Agents;
        bench.Report.Add("server RSS empty", bench.Empty.ResidentBytes / 1024.0 / 1024, "MiB");
        bench.Report.Add("server RSS after the storm", before.ResidentBytes / 1024.0 / 1024, "MiB");
        bench.Report.Add("server RSS settled", after.ResidentBytes / 1024.0 / 1024, "MiB");
        bench.Report.Add("per agent above empty", (after.ResidentBytes - bench.Empty.ResidentBytes) / 1024.0 / agents, "KiB");
        bench.Report.Add("per agent, whole server", after.ResidentBytes / 1024.0 / agents, "KiB");
        bench.Report.Add("server CPU while idle", (after.Cpu - before.Cpu).TotalSeconds / bench.Settings.Settle.TotalSeconds * 100, "% of a core");
        bench.Report.Add("connected at the end", fleet.Counts.Online, "");
        bench.Report.Add("failures while idle", fleet.Counts.Failures, "");
    }
}
