using System.Text;
using System.Text.Json;
using RPort.Agent.Configuration;
using RPort.Agent.Tests.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Agent.Tests.Session;

public sealed class SessionTests : IDisposable
{
    private readonly SshHostKey _key = SshHostKey.GenerateEcdsa();

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task The_agent_logs_in_and_registers_at_once()
    {
        await using FakeGateway gateway = new(_key);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        options.Client.Tags = ["a", "b"];
        options.Client.Labels = new Dictionary<string, string> { ["site"] = "north" };
        await using RunningAgent agent = new(options);
        (_, ConnectionRequest request) = await gateway.RegisteredAsync();
        Assert.Equal("agent-1", request.Id);
        Assert.Equal("agent one", request.Name);
        Assert.True(Guid.TryParse(request.SessionId, out _));
        Assert.Equal(["a", "b"], request.Tags);
        Assert.Equal("north", request.Labels!["site"]);
        Assert.Equal([ProtocolFeatures.Push2, ProtocolFeatures.Inventory2, ProtocolFeatures.Tunnel2, ProtocolFeatures.Handover], request.Features);
        Assert.NotEmpty(request.Os);
        Assert.NotEmpty(request.Version);
    }

    [Fact]
    public async Task An_md5_fingerprint_is_taken_as_well()
    {
        await using FakeGateway gateway = new(_key);
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Md5, gateway.Url));
        await gateway.RegisteredAsync();
    }

    [Fact]
    public async Task No_secret_is_told_to_the_gateway()
    {
        await using FakeGateway gateway = new(_key);
        await using ConnectProxy proxy = new("pu:hush-proxy");
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        options.Client.Proxy = $"http://pu:hush-proxy@127.0.0.1:{proxy.Port}";
        options.Connection.Headers = new Dictionary<string, string> { ["X-Key"] = "hush-header" };
        await using RunningAgent agent = new(options);
        (_, ConnectionRequest request) = await gateway.RegisteredAsync();
        string wire = Encoding.UTF8.GetString(ProtocolJson.Write(request, ProtocolJson.Default.ConnectionRequest));
        Assert.DoesNotContain("hush", wire, StringComparison.Ordinal);
        Assert.DoesNotContain("agent-password", wire, StringComparison.Ordinal);
        JsonElement configuration = request.ClientConfiguration!.Value;
        Assert.Equal(gateway.Url, configuration.GetProperty("client").GetProperty("server").GetString());
        Assert.Equal(20_000_000_000, configuration.GetProperty("connection").GetProperty("keep_alive").GetInt64());
        Assert.Equal("X-Key", configuration.GetProperty("connection").GetProperty("headers")[0].GetString());
        Assert.True(configuration.GetProperty("file_reception").GetProperty("enabled").GetBoolean());
        Assert.DoesNotContain("hush", agent.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("agent-password", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gateway_with_another_key_gets_no_credentials_and_is_tried_again()
    {
        using SshHostKey other = SshHostKey.GenerateEcdsa();
        await using FakeGateway gateway = new(_key);
        await using RunningAgent agent = new(RunningAgent.Options(other.Fingerprint.Sha256, gateway.Url));
        await Until.TrueAsync(() => gateway.Accepted >= 3);
        Assert.Equal(0, gateway.LoginAttempts);
        Assert.Contains(_key.Fingerprint.Sha256, agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_nobody_knows_fail_and_pings_are_answered()
    {
        await using FakeGateway gateway = new(_key);
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        SshReply reply = await connection.RequestAsync("make_coffee", default, CancellationToken.None);
        Assert.False(reply.Success);
        Assert.Equal(RequestNames.UnknownRequest, Encoding.UTF8.GetString(reply.Payload.Span));
        reply = await connection.RequestAsync(RequestNames.Ping, default, CancellationToken.None);
        Assert.True(reply.Success);
        Assert.Equal(0, reply.Payload.Length);
    }

    [Fact]
    public async Task Channels_nobody_knows_are_refused()
    {
        await using FakeGateway gateway = new(_key);
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        await Assert.ThrowsAsync<SshChannelOpenException>(() => connection.OpenChannelAsync("session", default, CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task A_new_connection_of_one_process_has_the_same_session_id()
    {
        await using FakeGateway gateway = new(_key);
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        (SshConnection connection, ConnectionRequest first) = await gateway.RegisteredAsync();
        await connection.CloseAsync(SshDisconnectReason.ByApplication, "test");
        (_, ConnectionRequest second) = await gateway.RegisteredAsync();
        Assert.Equal(first.SessionId, second.SessionId);
        Assert.Contains("ended: ", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_registration_closes_the_connection_and_is_tried_again()
    {
        await using FakeGateway gateway = new(_key) { Refusal = "client is already connected: agent one [agent-1]" };
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        await Until.TrueAsync(() => gateway.Accepted >= 3);
        gateway.Refusal = null;
        await gateway.RegisteredAsync();
        Assert.Contains("connected already", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_tried_again_for_ever()
    {
        await using FakeGateway gateway = new(_key);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        options.Client.Auth = "fleet:wrong";
        await using RunningAgent agent = new(options);
        await Until.TrueAsync(() => gateway.LoginAttempts >= 3);
        Assert.False(agent.ExitCode.IsCompleted);
        Assert.DoesNotContain("wrong", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_orderly_stop_tells_the_gateway_and_ends_with_0()
    {
        await using FakeGateway gateway = new(_key);
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        await agent.StopAsync();
        Assert.Equal(0, await agent.ExitCode);
        SshCloseReason reason = await connection.Completion.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(reason.ByPeer);
        Assert.Equal(SshDisconnectReason.ByApplication, reason.Reason);
    }

    [Fact]
    public async Task Root_is_refused_unless_allowed()
    {
        await using FakeGateway gateway = new(_key);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        options.Client.AllowRoot = false;
        await using (RunningAgent refused = new(options, isRoot: true))
        {
            Assert.Equal(1, await refused.ExitCode);
            Assert.Contains("root", refused.Log, StringComparison.Ordinal);
        }

        options.Client.AllowRoot = true;
        await using RunningAgent allowed = new(options, isRoot: true);
        await gateway.RegisteredAsync();
    }

    [Fact]
    public async Task The_connect_time_out_covers_a_gateway_that_stays_silent_after_the_upgrade()
    {
        await using FakeGateway gateway = new(_key);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, $"ws://127.0.0.1:{SilentPort(out IDisposable listener)}", gateway.Url);
        options.Connection.ConnectTimeout = TimeSpan.FromSeconds(1);
        using (listener)
        {
            await using RunningAgent agent = new(options);
            await gateway.RegisteredAsync();
            Assert.Contains("did not take the connection within 1 s", agent.Log, StringComparison.Ordinal);
        }
    }

    private static int SilentPort(out IDisposable listener)
    {
        System.Net.Sockets.TcpListener silent = new(System.Net.IPAddress.Loopback, 0);
        silent.Start(); // the system completes the TCP handshake, nobody answers
        listener = silent;
        return ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
    }
}
