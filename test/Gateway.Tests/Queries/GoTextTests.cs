using RPort.Gateway.Queries;

namespace RPort.Gateway.Tests.Queries;

public sealed class GoTextTests
{
    [Theory]
    [InlineData("1m30s", 90_000)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("744h", 2_678_400_000)]
    [InlineData(".5s", 500)]
    [InlineData("250ms", 250)]
    [InlineData("1000us", 1)]
    [InlineData("1000µs", 1)]
    [InlineData("1000000ns", 1)]
    [InlineData("+2s", 2_000)]
    [InlineData("-2s", -2_000)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    public void Durations_are_read_as_Go_reads_them(string text, double milliseconds)
    {
        Assert.True(GoText.TryReadDuration(text, out TimeSpan time));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("90")]
    [InlineData("s")]
    [InlineData(".s")]
    [InlineData("1d")]
    [InlineData("1 h")]
    [InlineData("1..5h")]
    [InlineData("1h30")]
    [InlineData("00:01:30")]
    [InlineData("2562048h")] // over what Go can hold
    [InlineData("2562047h2562047h")]
    [InlineData("99999999999999999999999999999999999999h")]
    [InlineData("1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s")]
    public void What_Go_does_not_take_is_not_taken(string text) => Assert.False(GoText.TryReadDuration(text, out _));

    [Theory]
    [InlineData("web-*", "WEB-1", true)]
    [InlineData("a*b*c", "aXXbYYc", true)]
    [InlineData("a*b*c", "acb", false)]
    [InlineData("ab*ba", "aba", false)]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "x", false)]
    [InlineData("web", "web-1", false)]
    public void A_star_is_any_text(string pattern, string text, bool matches) => Assert.Equal(matches, ValuePattern.Matches(pattern, text));
}
