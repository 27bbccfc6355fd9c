using RPort.Load.Figures;

namespace RPort.Load.Soak;

/// <summary>What became of the server's size: like with like over its lives, and the slopes of its last one.</summary>
internal sealed class SoakVerdict(Report report, SoakPlan plan, IReadOnlyList<Vital> all, int lives)
{
    private const double BetweenLives = 0.25;

    /// <summary>What a new life may be larger by in any case: state that has grown meanwhile, and what the collector takes.</summary>
    private const double BetweenLivesMebi = 64;

    public void Tell()
    {
        TellLives();
        Vital[] last = [.. all.Where(vital => vital.Life == lives && vital.Age >= plan.WarmUp && vital.Time <= plan.Duration)];
        string stretch = $"life {lives} from {plan.WarmUp.TotalSeconds:0} s on";
        foreach (Drift drift in Drift.OfServer)
        {
            drift.Judge(last, stretch, report, report.Violations);
        }

        Drift.OwnHandles.Judge(last, stretch, report, report.Violations);
    }

    /// <summary>Compares lives at the same age, the latest that all of them reached.</summary>
    private void TellLives()
    {
        ILookup<int, Vital> byLife = all.Where(vital => vital.Time <= plan.Duration).ToLookup(static vital => vital.Life);
        if (byLife.Count < lives)
        {
            return; // one was too short to be looked at
        }

        TimeSpan age = byLife.Min(static life => life.Max(static vital => vital.Age));
        List<double> sizes = [];
        foreach (IGrouping<int, Vital> life in byLife)
        {
            Vital[] then = [.. life.Where(vital => vital.Age <= age && vital.Age >= age * 0.8)];
            if (then.Length == 0)
            {
                return;
            }

            sizes.Add(then.Average(static vital => vital.Rss));
            string when = $"life {life.Key} at {age.TotalSeconds:0} s";
            report.Add($"server RSS, {when}", sizes[^1], "MiB");
            report.Add($"server GC heap, {when}", then.Average(static vital => vital.Heap), "MiB");
            report.Add($"server handles, {when}", then.Average(static vital => vital.Handles), "");
        }

        if (sizes.Count > 2 && sizes[^1] > sizes[1] + Math.Max(BetweenLives * sizes[1], BetweenLivesMebi))
        {
            report.Violations.Add($"the server takes {sizes[^1]:0} MiB {age.TotalSeconds:0} s after its last start and took {sizes[1]:0} MiB at that age in its second life");
        }
    }
}
