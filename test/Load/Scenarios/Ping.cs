using System.Diagnostics;
using RPort.Load.Agents;
using RPort.Load.Figures;
using RPort.Protocol;

namespace RPort.Load.Scenarios;

/// <summary>Each agent pings the server once, a bounded number at a time.</summary>
internal static class Ping
{
    public static async Task RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        await using Fleet fleet = await bench.StormAsync(cancellationToken);
        Samples samples = new();
        TimeSpan cpu = bench.Server.Cpu;
        long start = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            fleet.Agents,
            new ParallelOptions { MaxDegreeOfParallelism = bench.Settings.Parallel, CancellationToken = cancellationToken },
            async (agent, token) =>
            {
                if (agent.Connection is { } connection)
                {
                    long asked = Stopwatch.GetTimestamp();
                    await connection.RequestAsync(RequestNames.Ping, default, token);
                    samples.Add(Stopwatch.GetElapsedTime(asked));
                }
            });
        bench.Report.Add("pings", samples.Count, "");
        bench.Report.Add("rate of pings", samples.Count / Stopwatch.GetElapsedTime(start).TotalSeconds, "pings/s");
        bench.Report.AddPercentiles("ping", samples);
        bench.Report.Add("server CPU per ping", (bench.Server.Cpu - cpu).TotalMilliseconds / samples.Count, "ms");
    }
}
