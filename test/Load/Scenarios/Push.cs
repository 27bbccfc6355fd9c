using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using RPort.Load.Agents;

namespace RPort.Load.Scenarios;

/// <summary>One file to all agents: over when every result is recorded.</summary>
internal static class Push
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public static async Task RunAsync(Bench bench, int bytes, int rounds, CancellationToken cancellationToken)
    {
        await using Fleet fleet = await bench.StormAsync(cancellationToken);
        for (int round = 1; round <= rounds; round++)
        {
            Bench.Progress($"pushing {bytes} bytes, round {round}");
            await RoundAsync(bench, fleet, bytes, rounds == 1 ? "" : $", round {round}", cancellationToken);
        }
    }

    private static async Task RoundAsync(Bench bench, Fleet fleet, int bytes, string label, CancellationToken cancellationToken)
    {
        fleet.Pushes.Durations.Clear();
        TimeSpan cpu = bench.Server.Cpu;
        long start = Stopwatch.GetTimestamp();
        string id = await bench.Api.PushAsync(RandomNumberGenerator.GetBytes(bytes), Inventory.Tag, cancellationToken);
        bench.Report.Add($"upload answered after{label}", Stopwatch.GetElapsedTime(start).TotalSeconds, "s");
        JsonNode push;
        do
        {
            if (Stopwatch.GetElapsedTime(start) > Longest)
            {
                throw new LoadException($"push {id} is not over after {Longest.TotalMinutes:0} minutes. Failures: {fleet.Counts.FailureTexts}");
            }

            await Task.Delay(100, cancellationToken);
            push = await bench.Api.NewestPushAsync(cancellationToken);
        }
        while ((int)push["pending"]! > 0 || (string)push["uuid"]! != id);

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        TimeSpan used = bench.Server.Cpu - cpu;
        bench.Report.Add($"all results recorded after{label}", seconds, "s");
        bench.Report.Add($"rate{label}", (int)push["clients"]! / seconds, "agents/s");
        bench.Report.Add($"succeeded{label}", (int)push["success"]!, "");
        bench.Report.AddPercentiles($"order to recorded{label}", fleet.Pushes.Durations);
        bench.Report.Add($"server CPU of the push{label}", used.TotalSeconds, "s");
        bench.Report.Add($"server CPU per agent{label}", used.TotalMilliseconds / (int)push["clients"]!, "ms");
        bench.AddFailures(fleet);
    }
}
