namespace RPort.Load.Figures;

/// <summary>The straight line that lies nearest to some values over time (least squares), and how sure its slope is.</summary>
/// <param name="Count">Values.</param>
/// <param name="Seconds">From the first to the last.</param>
/// <param name="Start">The line at the first value's time.</param>
/// <param name="Slope">Per second; 0 where fewer than two times tell none.</param>
/// <param name="Error">Standard error of the slope; 0 below three values.</param>
internal readonly record struct Trend(int Count, double Seconds, double Start, double Slope, double Error)
{
    // Fewer values, or a shorter time, show whatever one wants to see.
    private const int Fewest = 12;
    private const double Shortest = 180;
    private const double Sure = 3;

    /// <summary>What the line rises by from the first to the last value.</summary>
    public double Growth => Slope * Seconds;

    /// <summary>Whether there are enough values, over enough time, to say anything.</summary>
    public bool Tells => Count >= Fewest && Seconds >= Shortest;

    public static Trend Of(IReadOnlyList<(double Seconds, double Value)> values)
    {
        if (values.Count == 0)
        {
            return default;
        }

        double first = values.Min(static value => value.Seconds);
        double last = values.Max(static value => value.Seconds);
        double meanTime = values.Average(static value => value.Seconds);
        double mean = values.Average(static value => value.Value);
        double spread = values.Sum(value => Square(value.Seconds - meanTime));
        if (spread == 0)
        {
            return new Trend(values.Count, 0, mean, 0, 0);
        }

        double slope = values.Sum(value => (value.Seconds - meanTime) * (value.Value - mean)) / spread;
        double start = mean - (slope * (meanTime - first));
        double left = values.Sum(value => Square(value.Value - start - (slope * (value.Seconds - first))));
        double error = values.Count > 2 ? Math.Sqrt(left / (values.Count - 2) / spread) : 0;
        return new Trend(values.Count, last - first, start, slope, error);
    }

    /// <summary>Rises beyond doubt, and by more than is allowed: a share of where it started or an amount, whichever is more.</summary>
    public bool Rises(double share, double amount) => Tells && Slope > Sure * Error && Growth > Math.Max(share * Start, amount);

    private static double Square(double value) => value * value;
}
