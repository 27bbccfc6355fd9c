namespace RPort.Load.Figures;

/// <summary>Durations taken by many, and what lies where among them. Thread-safe.</summary>
internal sealed class Samples
{
    private readonly Lock _gate = new();
    private readonly List<double> _milliseconds = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _milliseconds.Count;
            }
        }
    }

    public void Add(TimeSpan duration)
    {
        lock (_gate)
        {
            _milliseconds.Add(duration.TotalMilliseconds);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _milliseconds.Clear();
        }
    }

    /// <summary>The smallest sample that at least this share (0 to 1) of all do not exceed, in milliseconds; 0 where there are none.</summary>
    public double Percentile(double share)
    {
        double[] sorted;
        lock (_gate)
        {
            sorted = [.. _milliseconds.Order()];
        }

        return sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
