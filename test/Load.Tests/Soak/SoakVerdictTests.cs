using RPort.Load.Figures;
using RPort.Load.Soak;

namespace RPort.Load.Tests.Soak;

public sealed class SoakVerdictTests
{
    private static readonly SoakPlan Plan = new()
    {
        Duration = TimeSpan.FromMinutes(30),
        Seed = 1,
        Kills = 2,
        TcpTunnels = 1,
        UdpTunnels = 1,
        PushesPerMinute = 60,
        CutsPerMinute = 60,
    };

    [Fact]
    public void The_server_is_killed_in_the_first_half_only()
    {
        Assert.Equal([TimeSpan.FromMinutes(7.5), TimeSpan.FromMinutes(15)], Plan.KillTimes);
        Assert.Equal([TimeSpan.FromMinutes(15)], (Plan with { Kills = 1 }).KillTimes);
        Assert.Empty((Plan with { Kills = 0 }).KillTimes);
    }

    [Theory]
    [InlineData(30, 300)]
    [InlineData(600, 300)]
    [InlineData(3, 30)]
    public void The_first_minutes_of_a_life_do_not_count(double minutes, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), (Plan with { Duration = TimeSpan.FromMinutes(minutes) }).WarmUp);

    [Fact]
    public void The_same_seed_gives_the_same_numbers_to_each_actor()
    {
        Assert.Equal(Plan.RandomOf("talk", 3).Next(), Plan.RandomOf("talk", 3).Next());
        Assert.NotEqual(Plan.RandomOf("talk", 3).Next(), Plan.RandomOf("talk", 4).Next());
        Assert.NotEqual(Plan.RandomOf("talk").Next(), Plan.RandomOf("cuts").Next());
        Assert.NotEqual(Plan.RandomOf("talk").Next(), (Plan with { Seed = 2 }).RandomOf("talk").Next());
    }

    [Fact]
    public void A_server_that_stays_as_it_is_passes() => Assert.Empty(Judged(static vital => vital));

    [Fact]
    public void What_grows_while_a_life_is_young_does_not_count() =>
        Assert.Empty(Judged(static vital => vital.Age < Plan.WarmUp ? vital with { Rss = vital.Rss - 100, Handles = vital.Handles - 400, Heap = vital.Heap / 2 } : vital));

    [Theory]
    [InlineData("server RSS")]
    [InlineData("server GC heap")]
    [InlineData("server handles")]
    [InlineData("server threads")]
    [InlineData("own handles")]
    public void Each_figure_that_leaks_is_named(string name)
    {
        string text = Assert.Single(Judged(vital => name switch
        {
            "server RSS" when vital.Life == 3 => vital with { Rss = vital.Rss + (4 * vital.Age.TotalMinutes) },
            "server GC heap" => vital with { Heap = vital.Heap + (3 * vital.Age.TotalMinutes) },
            "server handles" => vital with { Handles = vital.Handles + (int)(5 * vital.Age.TotalMinutes) },
            "server threads" => vital with { Threads = vital.Threads + (int)(2 * vital.Age.TotalMinutes) },
            "own handles" => vital with { OwnHandles = vital.OwnHandles + (int)(10 * vital.Time.TotalMinutes) },
            _ => vital,
        }));
        Assert.StartsWith($"{name} grew by ", text[9..], StringComparison.Ordinal);
    }

    [Fact]
    public void A_life_that_begins_larger_than_the_one_before_is_named() =>
        Assert.Contains("in its second life", Assert.Single(Judged(static vital => vital with { Rss = vital.Rss + (vital.Life == 3 ? 100 : 0) })), StringComparison.Ordinal);

    private static IReadOnlyList<string> Judged(Func<Vital, Vital> change)
    {
        Random random = new(20260401);
        Report report = new("soak");
        List<Vital> vitals = [];
        TimeSpan[] starts = [TimeSpan.Zero, .. Plan.KillTimes];
        for (TimeSpan time = TimeSpan.Zero; time < Plan.Duration; time += TimeSpan.FromSeconds(5))
        {
            int life = starts.Count(start => start <= time);
            vitals.Add(change(new Vital(life, time - starts[life - 1], time, 200 + (20 * random.NextDouble()), 60 + (30 * random.NextDouble()), 900 + random.Next(20), 30 + random.Next(4), 500, 1500 + random.Next(50))));
        }

        new SoakVerdict(report, Plan, vitals, lives: 3).Tell();
        return report.Violations.Texts;
    }
}
