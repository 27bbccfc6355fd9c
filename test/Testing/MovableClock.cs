namespace RPort.Testing;

/// <summary>Real timers, and a day that can be moved: for code that compares points in time while everything else goes on at its pace.</summary>
public sealed class MovableClock : TimeProvider
{
    private long _aheadTicks;

    public void Advance(TimeSpan time) => Interlocked.Add(ref _aheadTicks, time.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _aheadTicks));
}
