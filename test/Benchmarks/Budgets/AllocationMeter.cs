using System.Diagnostics;

namespace RPort.Benchmarks.Budgets;

/// <summary>
/// Counts what a body allocates, after it has warmed up. Where several threads take part the least of several rounds counts: whatever else runs in the
/// process can only add to a round, and so does a pool that a collection has trimmed or a busy machine has emptied.
/// </summary>
internal static class AllocationMeter
{
    private const int Rounds = 12;
    private const int MinCalls = 1;
    private const int MaxCalls = 5_000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(20);

    /// <summary>Bytes per call of a body that stays on its thread; exact.</summary>
    public static long Measure(Action body)
    {
        int calls = CallsFor(Repeat(body, WarmUp));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int call = 0; call < calls; call++)
        {
            body();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / calls;
    }

    /// <summary>Bytes per call of a body whose work is done on any thread.</summary>
    public static async Task<long> MeasureAsync(Func<Task> body)
    {
        int calls = CallsFor(await RepeatAsync(body, WarmUp));
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int call = 0; call < calls; call++)
            {
                await body();
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least / calls;
    }

    /// <summary>Calls that fill a round, going by the time of one.</summary>
    private static int CallsFor(TimeSpan one) => (int)Math.Clamp(Round / one, MinCalls, MaxCalls);

    /// <summary>Warms up, and tells the time of the last call.</summary>
    private static TimeSpan Repeat(Action body, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            long last = Stopwatch.GetTimestamp();
            body();
            if (Stopwatch.GetElapsedTime(start) > time)
            {
                return Stopwatch.GetElapsedTime(last);
            }
        }
    }

    private static async Task<TimeSpan> RepeatAsync(Func<Task> body, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            long last = Stopwatch.GetTimestamp();
            await body();
            if (Stopwatch.GetElapsedTime(start) > time)
            {
                return Stopwatch.GetElapsedTime(last);
            }
        }
    }
}
