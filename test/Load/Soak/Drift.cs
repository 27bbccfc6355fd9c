using RPort.Load.Figures;

namespace RPort.Load.Soak;

/// <summary>A figure that must not grow while the load stays the same.</summary>
/// <param name="Share">Of its size, allowed over the stretch looked at.</param>
/// <param name="Amount">The same, in its own unit, where that is more.</param>
internal sealed record Drift(string Name, string Unit, Func<Vital, double> Of, double Share, double Amount)
{
    public static IReadOnlyList<Drift> OfServer { get; } =
    [
        new("server RSS", "MiB", static vital => vital.Rss, 0.08, 16),
        new("server GC heap", "MiB", static vital => vital.Heap, 0.15, 12),
        new("server handles", "", static vital => vital.Handles, 0.03, 20),
        new("server threads", "", static vital => vital.Threads, 0.2, 8),
    ];

    public static Drift OwnHandles { get; } = new("own handles", "", static vital => vital.OwnHandles, 0.03, 20);

    /// <summary>How it moved; a violation where it grew.</summary>
    public void Judge(IReadOnlyList<Vital> vitals, string stretch, Report report, Violations violations)
    {
        Trend trend = Trend.Of([.. vitals.Select(vital => (vital.Time.TotalSeconds, Of(vital)))]);
        report.Add($"{Name}, {stretch}: mean", vitals.Count > 0 ? vitals.Average(Of) : 0, Unit);
        if (!trend.Tells)
        {
            return;
        }

        report.Add($"{Name}, {stretch}: slope", trend.Slope * 3600, $"{Unit}/h");
        report.Add($"{Name}, {stretch}: its standard error", trend.Error * 3600, $"{Unit}/h");
        if (trend.Rises(Share, Amount))
        {
            violations.Add($"{Name} grew by {trend.Growth:0.#} {Unit} from {trend.Start:0.#} in {trend.Seconds:0} s, {stretch}");
        }
    }
}
