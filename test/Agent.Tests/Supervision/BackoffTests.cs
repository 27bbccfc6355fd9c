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

    [Theory]
    [InlineData(10, 0, 10)]
    [InlineData(10, 1, 20)]
    [InlineData(20, 1, 40)]
    [InlineData(3600, 0, 30)]
    [InlineData(3600, 1, 60)]
    public void A_busy_gateway_is_left_alone_for_as_long_as_it_asks_and_a_random_time_more_but_never_over_a_minute(int asked, double random, int pause) =>
        Assert.Equal(TimeSpan.FromSeconds(pause), new Backoff(First, Longest, new Always(random)).NextAfterBusy(TimeSpan.FromSeconds(asked)));

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void A_gateway_that_is_busy_for_no_time_is_tried_again_as_any_other(int asked)
    {
        Backoff backoff = new(First, Longest, new Always(1));
        double[] pauses = [.. Enumerable.Range(0, 5).Select(_ => backoff.NextAfterBusy(TimeSpan.FromSeconds(asked)).TotalSeconds)];
        Assert.Equal([1, 2, 4, 8, 16], pauses);
    }

    [Fact]
    public void Agents_that_a_busy_gateway_refused_together_do_not_return_together()
    {
        const int Seed = 20260102;
        Random random = new(Seed);
        double[] pauses = [.. Enumerable.Range(0, 1000).Select(_ => new Backoff(First, Longest, random).NextAfterBusy(TimeSpan.FromSeconds(10)).TotalSeconds)];
        Assert.All(pauses, pause => Assert.InRange(pause, 10, 20));
        Assert.True(pauses.Count(pause => pause < 11) is > 50 and < 200, $"seed {Seed}");
        Assert.True(pauses.Count(pause => pause > 19) is > 50 and < 200, $"seed {Seed}");
    }

    [Fact]
    public void A_longest_below_the_first_is_kept_to() =>
        Assert.Equal(TimeSpan.FromMilliseconds(200), new Backoff(First, TimeSpan.FromMilliseconds(200), new Always(1)).Next());

    private sealed class Always(double sample) : Random
    {
        public override double NextDouble() => sample;
    }
}
