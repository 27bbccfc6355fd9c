namespace RPort.Agent.Tunnels;

/// <summary>Counts the tunnel connections of a session against their bound.</summary>
internal sealed class TunnelPlaces(int bound)
{
    private int _taken;

    public int Taken => Volatile.Read(ref _taken);

    /// <summary>A place that is free again when it is disposed; null when all are taken.</summary>
    public IDisposable? TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= bound)
        {
            return new Place(this);
        }

        Interlocked.Decrement(ref _taken);
        return null;
    }

    private sealed class Place(TunnelPlaces places) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref places._taken);
            }
        }
    }
}
