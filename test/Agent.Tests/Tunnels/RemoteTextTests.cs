using System.Collections;
using System.Text.Json;
using RPort.Agent.Configuration;
using RPort.Agent.Tests.Kit;
using RPort.Agent.Tunnels;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Agent.Tests.Tunnels;

/// <summary>Tunnels the agent asks for: how they are written and what the gateway gets to see.</summary>
public sealed class RemoteTextTests
{
    [Theory]
    [InlineData("22", "tcp", "", "", "127.0.0.1", "22")]
    [InlineData("192.0.2.7:22", "tcp", "", "", "192.0.2.7", "22")]
    [InlineData("host.example:53/udp", "udp", "", "", "host.example", "53")]
    [InlineData("8022:22", "tcp", "0.0.0.0", "8022", "127.0.0.1", "22")]
    [InlineData("8022:192.0.2.7:22", "tcp", "0.0.0.0", "8022", "192.0.2.7", "22")]
    [InlineData("127.0.0.1:20110:127.0.0.1:21222", "tcp", "127.0.0.1", "20110", "127.0.0.1", "21222")]
    [InlineData("[::1]:20110:[2001:db8::1]:53/tcp+udp", "tcp+udp", "::1", "20110", "2001:db8::1", "53")]
    [InlineData("[2001:db8::1]:53", "tcp", "", "", "2001:db8::1", "53")]
    public void Every_form_is_read(string text, string protocol, string localHost, string localPort, string host, string port)
    {
        Assert.True(RemoteText.TryParse(text, out RemoteTunnel? remote));
        RemoteTunnel expected = new()
        {
            Protocol = protocol,
            LocalHost = localHost,
            LocalPort = localPort,
            LocalPortRandom = localPort.Length == 0,
            RemoteHost = host,
            RemotePort = port,
        };
        Assert.Equal(expected, remote);
    }

    [Theory]
    [InlineData("host")]
    [InlineData("host:")]
    [InlineData("0")]
    [InlineData("0:22")]
    [InlineData("65536")]
    [InlineData("22/sctp")]
    [InlineData("22/")]
    [InlineData("host:22:22")]
    [InlineData("host:x:host:22")]
    [InlineData("1:2:3:4:5")]
    [InlineData("::1:22")]
    [InlineData("[::1:22")]
    public void What_is_no_remote_stops_the_start_with_a_message(string text)
    {
        LoadedConfiguration loaded = ConfigurationLoader.Load(null, new Hashtable { ["RPORT_CLIENT__REMOTES"] = text }, []);
        Assert.Contains(loaded.Errors, error => error.StartsWith($"Client:Remotes = \"{text}\": must be port, host:port", StringComparison.Ordinal));
    }

    [Fact]
    public void A_broken_allow_list_stops_the_start_with_a_message()
    {
        LoadedConfiguration loaded = ConfigurationLoader.Load(null, new Hashtable { ["RPORT_CLIENT__TUNNELALLOWED"] = "192.0.2.0/24,example.org" }, []);
        Assert.Contains(loaded.Errors, error => error.StartsWith("Client:TunnelAllowed", StringComparison.Ordinal) && error.Contains("must be addresses, CIDRs or ports", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_gateway_is_asked_for_them_and_sees_the_configuration()
    {
        using SshHostKey key = SshHostKey.GenerateEcdsa();
        await using FakeGateway gateway = new(key);
        AgentOptions options = RunningAgent.Options(key.Fingerprint.Sha256, gateway.Url);
        options.Client.Remotes = ["127.0.0.1:20110:127.0.0.1:21222"];
        options.Client.TunnelAllowed = ["127.0.0.0/8"];
        await using RunningAgent agent = new(options);
        (_, ConnectionRequest request) = await gateway.RegisteredAsync();
        Assert.Equal(
            """[{"name":"","protocol":"tcp","lhost":"127.0.0.1","lport":"20110","lport_random":false,"owner":"","rhost":"127.0.0.1","rport":"21222","scheme":null,"acl":null,"idle_timeout_minutes":0,"auto_close":0,"http_proxy":false,"host_header":"","auth_user":"","auth_password":"","tunnel_url":""}]""",
            request.Remotes!.Value.GetRawText());
        JsonElement client = request.ClientConfiguration!.Value.GetProperty("client");
        Assert.Equal("127.0.0.0/8", client.GetProperty("tunnel_allowed")[0].GetString());
        Assert.Equal("127.0.0.1:20110:127.0.0.1:21222", client.GetProperty("remotes")[0].GetString());
    }

    [Fact]
    public async Task Without_any_the_request_says_null()
    {
        using SshHostKey key = SshHostKey.GenerateEcdsa();
        await using FakeGateway gateway = new(key);
        await using RunningAgent agent = new(RunningAgent.Options(key.Fingerprint.Sha256, gateway.Url));
        (_, ConnectionRequest request) = await gateway.RegisteredAsync();
        Assert.Null(request.Remotes);
    }
}
