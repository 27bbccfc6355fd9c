namespace RPort.Load.Soak;

/// <summary>What a soak does, and how long.</summary>
internal sealed record SoakPlan
{
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromMinutes(5);

    public required TimeSpan Duration { get; init; }

    /// <summary>Whatever is random follows from it, except what time makes of it.</summary>
    public required int Seed { get; init; }

    /// <summary>The server is killed so often, all in the first half: the second is one long life whose figures must not grow.</summary>
    public required int Kills { get; init; }

    public required int TcpTunnels { get; init; }

    public required int UdpTunnels { get; init; }

    public required int PushesPerMinute { get; init; }

    /// <summary>Agents whose connection is cut.</summary>
    public required int CutsPerMinute { get; init; }

    /// <summary>When to kill the server, from the start.</summary>
    public IEnumerable<TimeSpan> KillTimes => Enumerable.Range(1, Kills).Select(kill => Duration / 2 * kill / Kills);

    /// <summary>What a server's life takes to reach its usual size.</summary>
    public TimeSpan WarmUp => Duration / 6 < LongestWarmUp ? Duration / 6 : LongestWarmUp;

    /// <summary>Random numbers for one of those who act; the same for the same seed.</summary>
    public Random RandomOf(string actor, int number = 0) => new(unchecked(actor.Aggregate(Seed, static (hash, letter) => (hash * 31) + letter) + (number * 7919)));
}
