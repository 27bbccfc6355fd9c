namespace Orleans.Engine;

/// <summary>How long a grain has been without a call, and how long it asked to stay all the same. Holds no lock: its owner does.</summary>
internal struct Idleness
{
    private long _lastUse;
    private DateTimeOffset _keepUntil;

    public void Use(Silo silo) => _lastUse = silo.Deadlines.CoarseTime;

    /// <summary>Zero or less takes an earlier wish back.</summary>
    public void Keep(TimeSpan time, DateTimeOffset now)
    {
        bool forEver = time == TimeSpan.MaxValue || time == Timeout.InfiniteTimeSpan || time > DateTimeOffset.MaxValue - now;
        _keepUntil = forEver ? DateTimeOffset.MaxValue : time <= TimeSpan.Zero ? default : now + time;
    }

    public readonly bool IsOver(Silo silo, DateTimeOffset now, TimeSpan age) =>
        now >= _keepUntil && silo.Clock.GetElapsedTime(_lastUse) >= age;
}
