using RPort.Agent.Supervision;

namespace RPort.Agent.Tests.Supervision;

public sealed class BackoffTests
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    [Fact]
    public void The_bound_doubles_from_one_second_to_the_longest_and_stays_there()
    {
        Backoff backoff = new(First, Longest, new Always(1));
        double[] bounds = [.. Enumerable.Range(0, 12).Select(_ => backoff.Next().TotalSeconds)];
        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300], bounds);
    }

    [Fact]
    public void A_reset_starts_again()
    {
        Backoff backoff = new(First, Longest, new Always(1));
        backoff.Next();
        backoff.Next();
        backoff.Reset();
        Assert.Equal(First, backoff.Next());
    }

    [Fact]
    public void Pauses_are_spread_over_all_of_the_bound()
    {
        const int Seed = 20260101;
        Random random = new(Seed);
        double[] first = [.. Enumerable.Range(0, 1000).Select(_ => new Backoff(First, Longest, random).Next().TotalSeconds)];
        Assert.All(first, pause => Assert.InRange(pause, 0, 1));
        Assert.True(first.Count(pause => pause < 0.1) is > 50 and < 200, $"seed {Seed}");
        Assert.True(first.Count(pause => pause > 0.9) is > 50 and < 200, $"seed {Seed}");
    }

    [Fact]
    public void After_a_refused_login_the_pause_is_long_at_once()
    {
        Assert.Equal(Longest / 2, new Backoff(First, Longest, new Always(0)).NextAfterRefusedLogin());
        Assert.Equal(Longest, new Backoff(First, Longest, new Always(1)).NextAfterRefusedLogin());
    }

    [Fact]
    public void A_longest_below_the_first_is_kept_to() =>
        Assert.Equal(TimeSpan.FromMilliseconds(200), new Backoff(First, TimeSpan.FromMilliseconds(200), new Always(1)).Next());

    private sealed class Always(double sample) : Random
    {
        public override double NextDouble() => sample;
    }
}
