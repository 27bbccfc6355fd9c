using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using RPort.Gateway.Access;

namespace RPort.Gateway.Tests.Access;

public sealed class ClientAddressTests
{
    [Theory]
    [InlineData("203.0.113.5", "198.51.100.1", "203.0.113.5")] // a stranger's header is not believed
    [InlineData("10.0.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1")] // what the client itself wrote stands to the left
    [InlineData("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1")] // two of our own proxies
    [InlineData("10.0.0.1", "198.51.100.1:4711", "198.51.100.1")]
    [InlineData("10.0.0.1", "2001:db8::7", "2001:db8::7")]
    [InlineData("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1")]
    [InlineData("10.0.0.1", "", "10.0.0.1")]
    [InlineData("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("::1", "198.51.100.1", "198.51.100.1")]
    public void The_caller_is_the_first_address_from_the_right_that_is_no_trusted_proxy(string connection, string forwarded, string expected)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(connection);
        context.Request.Headers["X-Forwarded-For"] = forwarded;

        IPAddress caller = new ClientAddress(Options.Create(new AccessOptions { TrustedProxies = ["10.0.0.0/8", "::1"] })).Of(context);

        Assert.Equal(IPAddress.Parse(expected), caller);
    }

    [Fact]
    public void Nobody_is_trusted_by_default()
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        context.Request.Headers["X-Forwarded-For"] = "198.51.100.1";

        Assert.Equal(IPAddress.Loopback, new ClientAddress(Options.Create(new AccessOptions())).Of(context));
    }
}
