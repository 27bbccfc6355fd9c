using RPort.Load.Agents;

namespace RPort.Load.Scenarios;

/// <summary>All agents connect at once.</summary>
internal static class Storm
{
    public static async Task RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        await using Fleet fleet = await bench.StormAsync(cancellationToken);
    }
}
