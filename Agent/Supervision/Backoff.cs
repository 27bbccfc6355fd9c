namespace RPort.Agent.Supervision;

/// <summary>
/// Pauses between attempts: random below a bound ("full jitter") that doubles with each, so that many agents that lost one gateway do not
/// return to it together.
/// </summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, Random random)
{
    private static readonly TimeSpan LongestWish = TimeSpan.FromMinutes(1);

    private int _doublings;

    public TimeSpan Next()
    {
        TimeSpan bound = first;
        for (int i = 0; i < _doublings && bound < longest; i++)
        {
            bound *= 2;
        }

        _doublings += bound < longest ? 1 : 0;
        return (bound < longest ? bound : longest) * random.NextDouble();
    }

    /// <summary>
    /// The pause after a gateway refused our credential: long from the first time on, since soon trying again changes nothing and a gateway bans an
    /// address, with every agent behind it, for a few failed log-ins. Still random, in the upper half.
    /// </summary>
    public TimeSpan NextAfterRefusedLogin() => longest * (0.5 + (random.NextDouble() / 2));

    /// <summary>
    /// The pause after a gateway answered that it is busy and when to come again: so long and at random up to as long again, since all the agents it
    /// refused with us were told the same. A wish counts for a minute at most; where the pause that would be next without it is longer, that one is kept.
    /// </summary>
    public TimeSpan NextAfterBusy(TimeSpan asked)
    {
        TimeSpan from = asked < LongestWish / 2 ? asked : LongestWish / 2;
        TimeSpan wished = from * (1 + random.NextDouble());
        TimeSpan usual = Next();
        return wished > usual ? wished : usual;
    }

    public void Reset() => _doublings = 0;
}
