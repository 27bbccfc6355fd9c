using RPort.Agent.Configuration;
using RPort.Agent.Session;
using RPort.Agent.Tests.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Agent.Tests.Session;

public sealed class ClientAttributesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_file_takes_the_place_of_the_configured_ones()
    {
        ClientAttributes attributes = ClientAttributes.Read(Options("""{"tags":["x","y"],"labels":{"site":"south"}}"""));
        Assert.Equal(["x", "y"], attributes.Tags);
        Assert.Equal("south", attributes.Labels["site"]);
        attributes = ClientAttributes.Read(Options("{}"));
        Assert.Empty(attributes.Tags);
        Assert.Empty(attributes.Labels);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"tags":"x"}""")]
    [InlineData("""{"tags":[1]}""")]
    [InlineData("""{"labels":["x"]}""")]
    public void A_broken_file_is_refused(string json) => Assert.Throws<AttributesFileException>(() => ClientAttributes.Read(Options(json)));

    [Fact]
    public async Task With_a_broken_file_the_agent_connects_with_the_configured_ones()
    {
        using SshHostKey key = SshHostKey.GenerateEcdsa();
        await using FakeGateway gateway = new(key);
        AgentOptions options = RunningAgent.Options(key.Fingerprint.Sha256, gateway.Url);
        options.Client.Tags = ["kept"];
        options.Client.AttributesFilePath = _folder["none.json"];
        await using RunningAgent agent = new(options);
        (_, ConnectionRequest request) = await gateway.RegisteredAsync();
        Assert.Equal(["kept"], request.Tags);
        Assert.Contains("attributes file is not used", agent.Log, StringComparison.Ordinal);
    }

    private ClientOptions Options(string json) => new() { Tags = ["a"], AttributesFilePath = _folder.Write("attributes.json", json) };
}
