using RPort.Load.Figures;

namespace RPort.Load.Tests.Figures;

public sealed class TrendTests
{
    private const int Seed = 20260301;

    [Fact]
    public void No_values_have_no_trend()
    {
        Trend trend = Trend.Of([]);
        Assert.Equal(0, trend.Count);
        Assert.Equal(0, trend.Slope);
        Assert.False(trend.Rises(0, 0));
    }

    [Fact]
    public void Values_of_one_moment_have_no_slope()
    {
        Trend trend = Trend.Of([(5, 1), (5, 3)]);
        Assert.Equal(2, trend.Start);
        Assert.Equal(0, trend.Slope);
        Assert.Equal(0, trend.Growth);
    }

    [Fact]
    public void A_straight_line_is_found_without_doubt()
    {
        Trend trend = Trend.Of([.. Line(100, 0.5, 60)]);
        Assert.Equal(0.5, trend.Slope, 1e-9);
        Assert.Equal(100, trend.Start, 1e-9);
        Assert.Equal(0, trend.Error, 1e-9);
        Assert.Equal(295, trend.Seconds);
        Assert.Equal(147.5, trend.Growth, 1e-9);
    }

    [Fact]
    public void The_slope_and_its_error_are_those_of_the_textbook()
    {
        // By hand: squares of times around their mean sum up to 5, of what the line 0.7 + 0.7 t leaves (0.3, -0.4, -0.1, 0.2) to 0.3.
        Trend trend = Trend.Of([(0, 1), (1, 1), (2, 2), (3, 3)]);
        Assert.Equal(0.7, trend.Slope, 1e-9);
        Assert.Equal(0.7, trend.Start, 1e-9);
        Assert.Equal(Math.Sqrt(0.3 / 2 / 5), trend.Error, 1e-9);
    }

    [Fact]
    public void The_order_of_the_values_does_not_matter()
    {
        (double, double)[] line = [.. Line(10, 2, 20)];
        Trend reversed = Trend.Of([.. line.Reverse()]);
        Assert.Equal(2, reversed.Slope, 1e-9);
        Assert.Equal(10, reversed.Start, 1e-9);
        Assert.Equal(95, reversed.Seconds);
    }

    [Fact]
    public void A_steady_rise_is_seen_through_noise()
    {
        Random random = new(Seed);
        Trend trend = Trend.Of([.. Line(200, 0.05, 120).Select(value => (value.Seconds, value.Value + (random.NextDouble() * 10)))]); // +30 in 10 minutes
        Assert.True(trend.Rises(0.05, 5), $"seed {Seed}: {trend}");
        Assert.False(trend.Rises(0.05, 40), $"seed {Seed}: {trend}");
        Assert.False(trend.Rises(0.25, 5), $"seed {Seed}: {trend}");
    }

    [Fact]
    public void Noise_and_the_teeth_of_a_collector_are_no_rise()
    {
        Random random = new(Seed);
        Trend noise = Trend.Of([.. Line(200, 0, 120).Select(value => (value.Seconds, value.Value + (random.NextDouble() * 50)))]);
        Trend teeth = Trend.Of([.. Line(200, 0, 120).Select(value => (value.Seconds, value.Value + (value.Seconds % 90)))]);
        Assert.False(noise.Rises(0.05, 5), $"seed {Seed}: {noise}");
        Assert.False(teeth.Rises(0.05, 5), $"{teeth}");
    }

    [Fact]
    public void A_fall_is_no_rise() => Assert.False(Trend.Of([.. Line(1000, -1, 60)]).Rises(0, 0));

    [Fact]
    public void Few_values_or_a_short_time_tell_nothing()
    {
        Assert.False(Trend.Of([.. Line(1, 100, 5)]).Tells);
        Assert.False(Trend.Of([.. Line(1, 100, 30)]).Rises(0, 0)); // 145 s
        Assert.True(Trend.Of([.. Line(1, 100, 40)]).Rises(0, 0)); // 195 s
    }

    private static IEnumerable<(double Seconds, double Value)> Line(double start, double slope, int count) =>
        Enumerable.Range(0, count).Select(number => (number * 5.0, start + (slope * number * 5)));
}
