namespace RPort.Gateway.Agents.Sessions;

/// <summary>A token bucket: so many requests at once, and so many per second in the long run. Thread-safe.</summary>
internal sealed class RequestBudget(int perSecond, int burst, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private double _left = burst;
    private long _filledAt = clock.GetTimestamp();

    /// <summary>Takes one; false where none is left.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            long now = clock.GetTimestamp();
            _left = Math.Min(burst, _left + (clock.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond));
            _filledAt = now;
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}
