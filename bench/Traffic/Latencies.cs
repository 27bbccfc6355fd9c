using System.Diagnostics;

namespace RPort.Traffic;

/// <summary>How long things took, in microseconds.</summary>
internal sealed class Latencies
{
    private const int WarmUpShare = 10;

    private readonly List<double> _microseconds = new(100_000);

    public int Count => _microseconds.Count;

    /// <param name="start">A time stamp of <see cref="Stopwatch"/>.</param>
    public void AddSince(long start) => _microseconds.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);

    /// <summary>Median, 99th percentile and the longest, without the first tenth, which found everything cold.</summary>
    public (double Median, double Percentile99, double Longest) Read()
    {
        double[] sorted = [.. _microseconds.Skip(Count / WarmUpShare).Order()];
        return sorted.Length == 0 ? throw new InvalidDataException("Nothing came back.") : (sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100], sorted[^1]);
    }
}
