using System.Net;
using RPort.Agent.Tunnels;

namespace RPort.Agent.Tests.Tunnels;

/// <summary>What entries of the allow list let through, and what is no entry.</summary>
public sealed class AllowListTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7", 1, true)]
    [InlineData("192.0.2.7", "192.0.2.8", 1, false)]
    [InlineData("192.0.2.0/24", "192.0.2.255", 80, true)]
    [InlineData("192.0.2.77/24", "192.0.2.1", 80, true)]
    [InlineData("192.0.2.0/24", "192.0.3.0", 80, false)]
    [InlineData("0.0.0.0/0", "198.51.100.1", 80, true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", 80, false)]
    [InlineData(":443", "198.51.100.1", 443, true)]
    [InlineData("443", "2001:db8::1", 443, true)]
    [InlineData(":443", "198.51.100.1", 80, false)]
    [InlineData("192.0.2.7:22", "192.0.2.7", 22, true)]
    [InlineData("192.0.2.7:22", "192.0.2.7", 23, false)]
    [InlineData("192.0.2.0/24:22", "192.0.2.9", 22, true)]
    [InlineData("192.0.2.0/24:22", "192.0.3.9", 22, false)]
    [InlineData("2001:db8::1", "2001:db8::1", 22, true)]
    [InlineData("2001:db8::1", "2001:db8::2", 22, false)]
    [InlineData("[2001:db8::1]", "2001:db8::1", 22, true)]
    [InlineData("[2001:db8::1]:22", "2001:db8::1", 22, true)]
    [InlineData("[2001:db8::1]:22", "2001:db8::1", 23, false)]
    [InlineData("[2001:db8::/33]:22", "2001:db8:7fff::1", 22, true)]
    [InlineData("2001:db8::/33", "2001:db8:8000::1", 22, false)]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.9", 22, true)]
    [InlineData("::ffff:192.0.2.7", "192.0.2.8", 22, false)]
    [InlineData("fe80::/10", "fe80::1%3", 22, true)]
    public void An_entry_allows_what_it_names(string entry, string address, int port, bool allowed) =>
        Assert.Equal(allowed, AllowList.Parse([entry]).Allows([IPAddress.Parse(address)], port));

    [Fact]
    public void One_entry_is_enough_for_an_address_and_every_address_needs_one()
    {
        AllowList list = AllowList.Parse(["192.0.2.0/24", "10.0.0.1:80"]);
        Assert.True(list.Allows([IPAddress.Parse("192.0.2.1"), IPAddress.Parse("10.0.0.1")], 80));
        Assert.False(list.Allows([IPAddress.Parse("192.0.2.1"), IPAddress.Parse("10.0.0.1")], 81));
        Assert.False(list.Allows([IPAddress.Parse("192.0.2.1"), IPAddress.Parse("127.0.0.1")], 80));
    }

    [Fact]
    public void Without_an_entry_everything_is_allowed() => Assert.True(AllowList.Parse([]).Allows([IPAddress.Loopback], 22));

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("0")]
    [InlineData(":65536")]
    [InlineData("example.org")]
    [InlineData("192.0.2.7:")]
    [InlineData("192.0.2.7:x")]
    [InlineData("192.0.2.0/33")]
    [InlineData("192.0.2.0/-1")]
    [InlineData("192.0.2.0/")]
    [InlineData("10.1")]
    [InlineData("10.1:80")]
    [InlineData("2001:db8::/129")]
    [InlineData("[2001:db8::1")]
    [InlineData("[2001:db8::1]22")]
    [InlineData("[]:22")]
    public void What_is_no_entry_is_refused(string entry) => Assert.False(AllowRule.TryParse(entry, out _));

    [Theory]
    [InlineData("127.0.0.1:80", "127.0.0.1", 80, false)]
    [InlineData("host.example:65535/udp", "host.example", 65535, true)]
    [InlineData("[::1]:53/udp", "::1", 53, true)]
    [InlineData("[fe80::1%3]:53", "fe80::1%3", 53, false)]
    public void A_target_is_read_and_shown_again(string text, string host, int port, bool udp)
    {
        Assert.True(TunnelTarget.TryParse(text, out TunnelTarget? target));
        Assert.Equal(new TunnelTarget(host, port, udp), target);
        Assert.Equal(text, target.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData(":80")]
    [InlineData("host:")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:+80")]
    [InlineData("::1:80")]
    [InlineData("[host]:80")]
    [InlineData("[]:80")]
    [InlineData("ho st:80")]
    [InlineData("host:80/sctp")]
    [InlineData("host/udp")]
    public void What_is_no_target_is_refused(string text) => Assert.False(TunnelTarget.TryParse(text, out _));
}
