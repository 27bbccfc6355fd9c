using RPort.Load.Figures;

namespace RPort.Load.Tests.Figures;

public sealed class SamplesTests
{
    [Fact]
    public void There_is_nothing_to_tell_of_no_samples()
    {
        Samples samples = new();
        Assert.Equal(0, samples.Count);
        Assert.Equal(0, samples.Percentile(0.5));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.01, 1)]
    [InlineData(0.5, 50)]
    [InlineData(0.501, 51)]
    [InlineData(0.99, 99)]
    [InlineData(0.991, 100)]
    [InlineData(1, 100)]
    [InlineData(2, 100)]
    public void A_percentile_is_the_smallest_sample_that_so_many_do_not_exceed(double share, double expected)
    {
        Samples samples = Of(Enumerable.Range(1, 100).Reverse());
        Assert.Equal(expected, samples.Percentile(share));
    }

    [Fact]
    public void One_sample_is_every_percentile_of_itself()
    {
        Samples samples = Of([7]);
        Assert.All(new[] { 0, 0.5, 0.99, 1 }, share => Assert.Equal(7, samples.Percentile(share)));
    }

    [Fact]
    public void One_far_out_of_a_hundred_is_in_the_last_percent_only()
    {
        Samples samples = Of([.. Enumerable.Repeat(1, 99), 1000]);
        Assert.Equal(1, samples.Percentile(0.99));
        Assert.Equal(1000, samples.Percentile(0.995));
    }

    [Fact]
    public void Cleared_samples_are_forgotten()
    {
        Samples samples = Of([5, 6]);
        samples.Clear();
        samples.Add(TimeSpan.FromMilliseconds(1.5));
        Assert.Equal(1, samples.Count);
        Assert.Equal(1.5, samples.Percentile(1));
    }

    [Fact]
    public void Samples_of_many_threads_all_count()
    {
        Samples samples = new();
        Parallel.For(0, 10_000, number => samples.Add(TimeSpan.FromMilliseconds(number % 10)));
        Assert.Equal(10_000, samples.Count);
        Assert.Equal(4, samples.Percentile(0.5));
    }

    private static Samples Of(IEnumerable<int> milliseconds)
    {
        Samples samples = new();
        foreach (int value in milliseconds)
        {
            samples.Add(TimeSpan.FromMilliseconds(value));
        }

        return samples;
    }
}
