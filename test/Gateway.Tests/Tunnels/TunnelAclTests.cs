using System.Net;
using RPort.Gateway.Tunnels;

namespace RPort.Gateway.Tests.Tunnels;

public sealed class TunnelAclTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("192.0.2.7", "::ffff:192.0.2.7", true)]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7", true)]
    [InlineData("10.0.0.0/8,192.0.2.7", "10.200.3.4", true)]
    [InlineData("10.1.2.3/8", "10.200.3.4", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("0.0.0.0/0", "203.0.113.9", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("0.0.0.0/0,::/0", "2001:db8::1", true)]
    [InlineData("2001:db8::/32", "2001:db8:1::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("fe80::1", "fe80::1%3", true)]
    [InlineData("::ffff:10.0.0.0/104", "10.9.9.9", true)]
    [InlineData("::ffff:10.0.0.0/104", "11.9.9.9", false)]
    [InlineData("::1 , 127.0.0.1", "127.0.0.1", true)]
    public void An_address_is_let_in_when_an_entry_holds_it(string acl, string address, bool allowed)
    {
        Assert.True(TunnelAcl.TryParse(acl, out TunnelAcl read, out string broken), broken);
        Assert.Equal(allowed, read.Allows(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("999.1.1.1", "invalid IP addr: 999.1.1.1")]
    [InlineData("", "invalid IP addr: ")]
    [InlineData("10.0.0.1,", "invalid IP addr: ")]
    [InlineData("10.0.0.0/33", "invalid CIDR address: 10.0.0.0/33")]
    [InlineData("10.0.0.0/-1", "invalid CIDR address: 10.0.0.0/-1")]
    [InlineData("10.0.0.0/", "invalid CIDR address: 10.0.0.0/")]
    [InlineData("::/129", "invalid CIDR address: ::/129")]
    [InlineData("::ffff:10.0.0.0/95", "invalid CIDR address: ::ffff:10.0.0.0/95")]
    [InlineData("10", "invalid IP addr: 10")]
    [InlineData("10.1/8", "invalid CIDR address: 10.1/8")]
    [InlineData("fe80::1%eth0", "invalid IP addr: fe80::1%eth0")]
    [InlineData("example.com", "invalid IP addr: example.com")]
    public void What_is_no_list_of_addresses_is_named(string acl, string expected)
    {
        Assert.False(TunnelAcl.TryParse(acl, out TunnelAcl read, out string broken));
        Assert.Equal(expected, broken);
        Assert.False(read.Allows(IPAddress.Loopback));
    }

    [Theory]
    [InlineData("10.1.2.3/8, 192.0.2.7/32 ,::1", "10.0.0.0/8,192.0.2.7,::1")]
    [InlineData("192.0.2.7,192.0.2.7", "192.0.2.7")]
    [InlineData("2001:0DB8::/32", "2001:db8::/32")]
    [InlineData("0.0.0.0/0,::/0", "0.0.0.0/0,::/0")]
    public void A_list_has_one_short_form(string acl, string expected)
    {
        Assert.True(TunnelAcl.TryParse(acl, out TunnelAcl read, out _));
        Assert.Equal(expected, read.ToString());
    }

    [Fact]
    public void One_address_alone()
    {
        TunnelAcl acl = TunnelAcl.Of(IPAddress.Parse("::ffff:192.0.2.7"));
        Assert.Equal("192.0.2.7", acl.ToString());
        Assert.True(acl.Allows(IPAddress.Parse("192.0.2.7")));
        Assert.False(acl.Allows(IPAddress.Parse("192.0.2.6")));
    }

    [Fact]
    public void A_list_has_a_longest_form() =>
        Assert.False(TunnelAcl.TryParse(string.Join(',', Enumerable.Range(0, 257).Select(n => $"10.0.{n / 256}.{n % 256}")), out _, out _));
}
