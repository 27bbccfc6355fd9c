using System.Text;
using RPort.Agent.Configuration;
using RPort.Agent.Tests.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Agent.Tests.Tunnels;

/// <summary>Tunnels and attributes through the whole agent.</summary>
public sealed class SessionTunnelTests : IDisposable
{
    private readonly SshHostKey _key = SshHostKey.GenerateEcdsa();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_gateway_opens_connections_and_asks_questions()
    {
        await using EchoTarget target = new();
        await using FakeGateway gateway = new(_key);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        options.Client.TunnelAllowed = [$"127.0.0.1:{target.Port}"];
        await using RunningAgent agent = new(options);
        (SshConnection connection, _) = await gateway.RegisteredAsync();

        Assert.Equal("""{"IsAllowed":true}""", await AskAsync(connection, RequestNames.CheckTunnelAllowed, $$"""{"Remote":"{{target.Address}}"}"""));
        Assert.Equal("""{"Open":true,"ErrMsg":""}""", await AskAsync(connection, RequestNames.CheckPort, $$"""{"HostPort":"{{target.Address}}","Timeout":2000000000}"""));
        SshChannel channel = await connection.OpenChannelAsync(RequestNames.TunnelChannel, Encoding.UTF8.GetBytes(target.Address));
        await channel.WriteAsync("hello"u8.ToArray());
        byte[] buffer = new byte[5];
        await channel.AsStream().ReadExactlyAsync(buffer);
        Assert.Equal("hello", Encoding.ASCII.GetString(buffer));
        SshChannelOpenException refusal = await Assert.ThrowsAsync<SshChannelOpenException>(
            () => connection.OpenChannelAsync(RequestNames.TunnelChannel, "127.0.0.1:1"u8.ToArray()).AsTask());
        Assert.Equal(SshChannelOpenFailure.AdministrativelyProhibited, refusal.Reason);
        Assert.Contains("A tunnel to 127.0.0.1:1 is not allowed", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_gateway_announces_decides_how_a_failure_is_told()
    {
        await using FakeGateway gateway = new(_key) { Capabilities = new Capabilities { ServerVersion = "test", Features = [ProtocolFeatures.Tunnel2] } };
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        await Assert.ThrowsAsync<SshChannelOpenException>(() => connection.OpenChannelAsync(RequestNames.TunnelChannel, "127.0.0.1:1"u8.ToArray()).AsTask());

        await using FakeGateway existing = new(_key) { Capabilities = new Capabilities { ServerVersion = "0.9.14" } };
        await using RunningAgent other = new(RunningAgent.Options(_key.Fingerprint.Sha256, existing.Url));
        (connection, _) = await existing.RegisteredAsync();
        SshChannel channel = await connection.OpenChannelAsync(RequestNames.TunnelChannel, "127.0.0.1:1"u8.ToArray());
        await channel.Closed.WaitAsync(TunnelPair.Patience);
    }

    [Fact]
    public async Task New_attributes_are_written_to_the_file_and_told_at_once()
    {
        await using FakeGateway gateway = new(_key);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        options.Client.AttributesFilePath = _folder.Write("attributes.json", """{"tags":["old"]}""", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        await using RunningAgent agent = new(options);
        (SshConnection connection, ConnectionRequest request) = await gateway.RegisteredAsync();
        Assert.Equal(["old"], request.Tags!);

        const string Json = """{"tags":["a","b"],"labels":{"city":"Lille"}}""";
        Assert.Equal("""{"status":"OK"}""", await AskAsync(connection, RequestNames.UpdateClientMetadata, Json));
        Assert.Equal(Json, await File.ReadAllTextAsync(options.Client.AttributesFilePath));
        ConnectionRequest update;
        do
        {
            update = ProtocolJson.TryRead((await gateway.RequestedAsync(RequestNames.UpdateInventory)).Payload, ProtocolJson.Default.ConnectionRequest)!;
        }
        while (update.Tags![0] == "old"); // the slow facts may be told first
        Assert.Equal(["a", "b"], update.Tags);
        Assert.Equal("Lille", update.Labels!["city"]);
        Assert.Equal([options.Client.AttributesFilePath], Directory.GetFiles(Path.GetDirectoryName(options.Client.AttributesFilePath)!));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(options.Client.AttributesFilePath));
        }

        Assert.StartsWith("FAILURE the attributes must be", await AskAsync(connection, RequestNames.UpdateClientMetadata, """{"tags":"a"}"""), StringComparison.Ordinal);
        string large = $$"""{"tags":["{{new string('x', 70_000)}}"]}""";
        Assert.StartsWith("FAILURE the attributes must be", await AskAsync(connection, RequestNames.UpdateClientMetadata, large), StringComparison.Ordinal);
        string growing = $$"""{"tags":["{{new string('ü', 20_000)}}"]}""";
        Assert.StartsWith("FAILURE the attributes take more", await AskAsync(connection, RequestNames.UpdateClientMetadata, growing), StringComparison.Ordinal);
        Assert.Equal(Json, await File.ReadAllTextAsync(options.Client.AttributesFilePath));
    }

    [Fact]
    public async Task Attributes_that_can_not_be_kept_are_a_failure()
    {
        await using FakeGateway gateway = new(_key);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        await using RunningAgent agent = new(options);
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        Assert.Equal("FAILURE attributes file path not set", await AskAsync(connection, RequestNames.UpdateClientMetadata, """{"tags":["a"]}"""));

        options.Client.AttributesFilePath = Path.Combine(_folder["no"], "such", "folder.json");
        Assert.StartsWith("FAILURE the attributes file cannot be written: ", await AskAsync(connection, RequestNames.UpdateClientMetadata, """{"tags":["a"]}"""), StringComparison.Ordinal);
    }

    private static async Task<string> AskAsync(SshConnection connection, string name, string json)
    {
        SshReply reply = await connection.RequestAsync(name, Encoding.UTF8.GetBytes(json)).AsTask().WaitAsync(TunnelPair.Patience);
        return (reply.Success ? "" : "FAILURE ") + Encoding.UTF8.GetString(reply.Payload.Span);
    }
}
