using System.Text.Json;
using RPort.Gateway.Agents.Registration;

namespace RPort.Gateway.Tests.Agents;

public sealed class ConfigurationMaskTests
{
    [Fact]
    public void What_an_existing_agent_sends_keeps_its_shape_and_loses_its_secrets()
    {
        string masked = Mask("""
            {"client":{"server":"ws://127.0.0.1:18080","fallback_servers":["wss://joe:s3cret@backup:443/x"],"fingerprint":"aa:bb","auth":"clientAuth1:s3cret",
              "proxy":"http://joe:s3cret@proxy:3128","id":"go-client-1","auth_user":"clientAuth1","auth_pass":"s3cret","proxy_url":{"Scheme":"http","User":{},"Host":"proxy:3128"},
              "data_dir":"/var/lib/rport","tags":["win"]},
             "connection":{"keep_alive":20000000000,"headers":["Authorization: Bearer s3cret","User-Agent: x"],"hostname":"",
              "http_headers":{"User-Agent":["rport 0.9.14"],"Authorization":["Basic s3cret"],"X-Thing":["s3cret"]}},
             "remote_commands":{"enabled":true,"send_back_limit":4194304,"allow":["^/usr/bin/.*"],"order":["allow","deny"]},
             "file_reception":{"protected":["/bin"],"enabled":true},"interpreter_aliases":{"py":"/usr/bin/python3"}}
            """);
        Assert.DoesNotContain("s3cret", masked);
        using JsonDocument json = JsonDocument.Parse(masked);
        JsonElement client = json.RootElement.GetProperty("client");
        Assert.Equal("ws://127.0.0.1:18080", client.GetProperty("server").GetString());
        Assert.Equal("wss://backup:443/x", client.GetProperty("fallback_servers")[0].GetString());
        Assert.Equal("http://proxy:3128", client.GetProperty("proxy").GetString());
        Assert.Equal("/var/lib/rport", client.GetProperty("data_dir").GetString());
        Assert.False(client.TryGetProperty("auth", out _));
        Assert.False(client.TryGetProperty("auth_pass", out _));
        JsonElement connection = json.RootElement.GetProperty("connection");
        Assert.Equal(20000000000, connection.GetProperty("keep_alive").GetInt64());
        Assert.Equal("rport 0.9.14", connection.GetProperty("http_headers").GetProperty("User-Agent")[0].GetString());
        Assert.Equal("***", connection.GetProperty("http_headers").GetProperty("X-Thing")[0].GetString());
        Assert.Equal("User-Agent: x", connection.GetProperty("headers")[1].GetString());
        Assert.Equal("/usr/bin/python3", json.RootElement.GetProperty("interpreter_aliases").GetProperty("py").GetString());
        Assert.True(json.RootElement.GetProperty("file_reception").GetProperty("enabled").GetBoolean());
    }

    [Theory]
    [InlineData("""{"Client":{"AUTH":"s3cret"}}""")]
    [InlineData("""{"client":{"AuthPass":"s3cret"}}""")]
    [InlineData("""{"client":{"auth-pass":"s3cret"}}""")]
    [InlineData("""{"deep":[{"deeper":[{"password":"s3cret"}]}]}""")]
    [InlineData("""{"client":{"anything":"clientAuth1:s3cret"}}""")]
    [InlineData("""{"client":{"proxy":"joe:s3cret@proxy:3128"}}""")]
    [InlineData("""{"client":{"proxy":"http://joe:a@s3cret@proxy:3128"}}""")]
    [InlineData("""{"client":{"proxy":"socks5://s3cret@proxy"}}""")]
    [InlineData("""{"connection":{"headers":["s3cret"]}}""")]
    [InlineData("""{"connection":{"headers":{"x":{"y":"s3cret"}}}}""")]
    [InlineData("""{"connection":{"HTTP_Headers":{"Cookie":["s3cret"]}}}""")]
    [InlineData("""{"x":{"api_key":"s3cret","private_key":"s3cret","access_token":"s3cret","client_secret":"s3cret","credentials":{"a":"s3cret"}}}""")]
    [InlineData("""{"x":{"auth":{"user":"a","nested":["s3cret"]}}}""")]
    public void A_secret_is_found_wherever_it_stands(string configuration) => Assert.DoesNotContain("s3cret", Mask(configuration));

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("5")]
    public void What_is_no_object_is_dropped(string configuration) => Assert.Equal("", Mask(configuration));

    [Fact]
    public void What_is_too_long_is_dropped_whole() => Assert.Equal("", Mask($$"""{"x":"{{new string('a', ConfigurationMask.MaxLength)}}"}"""));

    private static string Mask(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return ConfigurationMask.Apply(document.RootElement, "clientAuth1");
    }
}
