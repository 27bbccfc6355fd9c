using System.Net;
using RPort.Gateway.Access;
using RPort.Testing;

namespace RPort.Gateway.Tests.Access;

public sealed class AttemptLimiterTests
{
    private static readonly IPAddress Guesser = IPAddress.Parse("192.0.2.1");
    private readonly ManualTime _time = new();
    private readonly AttemptLimiter _limiter;

    public AttemptLimiterTests() => _limiter = new AttemptLimiter(new AttemptLimits(TimeSpan.FromSeconds(2), 3, TimeSpan.FromMinutes(10)), _time);

    [Fact]
    public void A_user_waits_after_a_failure_and_no_longer_than_told()
    {
        Assert.False(_limiter.MustWait("ann"));
        _limiter.Failed("ann", Guesser);

        Assert.True(_limiter.MustWait("ann"));
        Assert.False(_limiter.MustWait("bob"));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(_limiter.MustWait("ann"));
    }

    [Fact]
    public void The_third_failure_bans_the_address_for_its_time()
    {
        Assert.False(_limiter.Failed("a", Guesser));
        Assert.False(_limiter.Failed("b", Guesser));
        Assert.False(_limiter.IsBanned(Guesser));
        Assert.True(_limiter.Failed("c", Guesser));

        Assert.True(_limiter.IsBanned(Guesser));
        Assert.False(_limiter.IsBanned(IPAddress.Parse("192.0.2.2")));
        _time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.True(_limiter.IsBanned(Guesser));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.False(_limiter.IsBanned(Guesser));
    }

    [Fact]
    public void A_success_starts_the_count_anew_but_lifts_no_ban()
    {
        _limiter.Failed("a", Guesser);
        _limiter.Failed("a", Guesser);
        _limiter.Succeeded(Guesser);
        Assert.False(_limiter.Failed("a", Guesser));
        Assert.False(_limiter.Failed("a", Guesser));
        Assert.True(_limiter.Failed("a", Guesser));

        _limiter.Succeeded(Guesser);

        Assert.True(_limiter.IsBanned(Guesser));
    }

    [Fact]
    public void An_address_in_the_same_IPv6_network_counts_as_the_same()
    {
        _limiter.Failed("a", IPAddress.Parse("2001:db8::1"));
        _limiter.Failed("a", IPAddress.Parse("2001:db8::2"));
        _limiter.Failed("a", IPAddress.Parse("2001:db8::3"));

        Assert.True(_limiter.IsBanned(IPAddress.Parse("2001:db8::4444")));
        Assert.False(_limiter.IsBanned(IPAddress.Parse("2001:db8:0:1::1")));
    }

    [Fact]
    public void An_IPv4_address_is_the_same_in_IPv6_form()
    {
        for (int i = 0; i < 3; i++)
        {
            _limiter.Failed("a", Guesser.MapToIPv6());
        }

        Assert.True(_limiter.IsBanned(Guesser));
    }

    [Fact]
    public void Half_a_million_guessers_do_not_make_it_forget_the_newest_ban()
    {
        for (int i = 0; i < 500_000; i++)
        {
            _limiter.Failed($"user {i}", new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]));
        }

        for (int i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            _limiter.Failed("ann", Guesser);
        }

        Assert.True(_limiter.IsBanned(Guesser));
        Assert.True(_limiter.MustWait("ann"));
    }
}
