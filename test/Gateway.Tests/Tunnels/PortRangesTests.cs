using RPort.Gateway.Tunnels;

namespace RPort.Gateway.Tests.Tunnels;

public sealed class PortRangesTests
{
    [Fact]
    public void Excluded_ports_are_taken_out_of_the_used_ones()
    {
        PortRanges ports = new(PortRanges.Parse(["100-110", "200"]), PortRanges.Parse(["105", "108-300"]));
        Assert.Equal([100, 101, 102, 103, 104, 106, 107], ports.FromRandom(new Random(1)).Order());
        Assert.True(ports.Allows(100));
        Assert.False(ports.Allows(105));
        Assert.False(ports.Allows(200));
        Assert.False(ports.Allows(0));
        Assert.False(ports.Allows(70000));
    }

    [Fact]
    public void Every_port_is_as_likely_to_be_the_first_as_any_other()
    {
        PortRanges ports = new(PortRanges.Parse(["20000-20009"]), []);
        Random random = new(7);
        int[] first = [.. Enumerable.Range(0, 1000).Select(_ => ports.FromRandom(random).First())];
        Assert.All(Enumerable.Range(20000, 10), port => Assert.InRange(first.Count(f => f == port), 50, 200));
    }

    [Fact]
    public void Every_port_comes_once_from_any_start()
    {
        PortRanges ports = new(PortRanges.Parse(["20000-20009"]), []);
        for (int seed = 0; seed < 20; seed++)
        {
            Assert.Equal(Enumerable.Range(20000, 10), ports.FromRandom(new Random(seed)).Order());
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("5-")]
    [InlineData("-5")]
    [InlineData("10-5")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("1-65536")]
    public void What_is_no_range_is_refused(string text) => Assert.False(PortRanges.TryParse(text, out _));
}
