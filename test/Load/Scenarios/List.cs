using System.Diagnostics;
using RPort.Load.Agents;
using RPort.Load.Figures;

namespace RPort.Load.Scenarios;

/// <summary>An operator looks for clients.</summary>
internal static class List
{
    private const string Query = "api/v1/clients?filter[os_full_name]=*debian*&sort=-name&page[limit]=50";

    public static async Task RunAsync(Bench bench, int requests, CancellationToken cancellationToken)
    {
        await using Fleet fleet = await bench.StormAsync(cancellationToken);
        for (int i = 0; i < 20; i++)
        {
            await bench.Api.GetAsync(Query, cancellationToken); // compiled before it is measured
        }

        Samples samples = new();
        TimeSpan cpu = bench.Server.Cpu;
        for (int i = 0; i < requests; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await bench.Api.GetAsync(Query, cancellationToken);
            samples.Add(Stopwatch.GetElapsedTime(start));
        }

        bench.Report.AddPercentiles("GET /clients", samples);
        bench.Report.Add("server CPU per request", (bench.Server.Cpu - cpu).TotalMilliseconds / requests, "ms");
    }
}
