using RPort.Agent.Connection;

namespace RPort.Agent.Tests.Connection;

public sealed class AddressTests
{
    [Theory]
    [InlineData("gw.example", "ws://gw.example/")]
    [InlineData("gw.example:8080", "ws://gw.example:8080/")]
    [InlineData("10.0.0.1:8080", "ws://10.0.0.1:8080/")]
    [InlineData("[::1]:8080", "ws://[::1]:8080/")]
    [InlineData("http://gw", "ws://gw/")]
    [InlineData("http://gw:443", "ws://gw:443/")]
    [InlineData("https://gw", "wss://gw/")]
    [InlineData("https://gw:80/agents", "wss://gw:80/agents")]
    [InlineData("ws://gw/x?y=1", "ws://gw/x?y=1")]
    [InlineData("wss://gw:8443", "wss://gw:8443/")]
    [InlineData("localhost:80", "ws://localhost/")]
    public void A_server_is_read(string text, string expected)
    {
        Assert.True(ServerAddress.TryParse(text, out ServerAddress? address, out _));
        Assert.Equal(expected, address.Uri.AbsoluteUri);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ftp://gw")]
    [InlineData("ws://")]
    [InlineData("ws://user:pw@gw")]
    [InlineData("user@gw:80")]
    [InlineData("gw:99999")]
    [InlineData("ws://gw/#part")]
    public void What_is_no_server_is_refused(string text)
    {
        Assert.False(ServerAddress.TryParse(text, out _, out string? broken));
        Assert.NotEmpty(broken);
    }

    [Theory]
    [InlineData("http://proxy:3128", "http://proxy:3128/", null, null)]
    [InlineData("http://proxy", "http://proxy/", null, null)]
    [InlineData("https://proxy:3129", "https://proxy:3129/", null, null)]
    [InlineData("socks://proxy", "socks5://proxy:1080/", null, null)]
    [InlineData("socks5h://u:p%40ss@proxy:9050", "socks5://proxy:9050/", "u", "p@ss")]
    [InlineData("http://only@proxy:1", "http://proxy:1/", "only", "")]
    public void A_proxy_is_read_and_its_text_holds_no_login(string text, string expected, string? user, string? password)
    {
        Assert.True(ProxyAddress.TryParse(text, out ProxyAddress? proxy, out _));
        Assert.Equal(expected, proxy.Uri.AbsoluteUri);
        Assert.Equal(user, proxy.Credential?.UserName);
        Assert.Equal(password, proxy.Credential?.Password);
        Assert.DoesNotContain("@", proxy.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("proxy:3128")]
    [InlineData("socks4://proxy")]
    [InlineData("http://proxy/path")]
    public void What_is_no_proxy_is_refused(string text) => Assert.False(ProxyAddress.TryParse(text, out _, out _));
}
