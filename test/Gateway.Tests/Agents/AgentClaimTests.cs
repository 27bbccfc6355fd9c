using System.Text;
using RPort.Gateway.Agents;
using RPort.Gateway.Agents.Registration;
using RPort.Gateway.Tunnels;

namespace RPort.Gateway.Tests.Agents;

public sealed class AgentClaimTests
{
    [Fact]
    public void An_existing_agents_request_is_read_whole()
    {
        AgentClaim claim = Read("""
            {"ID":"go-client-1","Name":"go-client-one","SessionID":"587fbb67-9f57-444e-b184-5acc93a61ef5","OS":"Linux vm","OSFullName":"Debian 12.11","OSVersion":"12.11",
             "OSVirtualizationSystem":"KVM","OSVirtualizationRole":"guest","OSArch":"amd64","OSFamily":"debian","OSKernel":"linux","Version":"0.9.14-local","Hostname":"vm",
             "CPUFamily":"26","CPUModel":"2","CPUModelName":"AMD EPYC","CPUVendor":"AuthenticAMD","NumCPUs":2,"MemoryTotal":25276510208,"Timezone":"UTC (UTC+00:00)",
             "IPv4":["192.0.2.2"],"IPv6":["fd00::2"],"Tags":["win","server"],"Labels":{"city":"Lille"},"Remotes":null,
             "ClientConfiguration":{"client":{"auth":"clientAuth1:1234"},"file_reception":{"enabled":false}}}
            """);
        Assert.Equal("go-client-1", claim.Client.Value);
        Assert.Equal("587fbb67-9f57-444e-b184-5acc93a61ef5", claim.ProcessSession);
        Assert.Equal("go-client-one", claim.Inventory.Name);
        Assert.Equal("Debian 12.11", claim.Inventory.OsFullName);
        Assert.Equal(25276510208, claim.Inventory.MemoryTotal);
        Assert.Equal(["win", "server"], claim.Inventory.Tags.ToArray());
        Assert.Equal("Lille", claim.Inventory.Labels["city"]);
        Assert.False(claim.Inventory.FileReceptionEnabled);
        Assert.False(claim.HasPush2);
        Assert.DoesNotContain("1234", claim.Inventory.ConfigurationJson);
    }

    [Fact]
    public void Absent_and_null_fields_are_no_mistake()
    {
        AgentClaim claim = Read("""{"ID":"a","Name":null,"Hostname":"host","SessionID":null,"IPv4":null,"Tags":[null,"x"],"Labels":{"k":null},"ClientConfiguration":null,"OS":null}""");
        Assert.Equal("host", claim.Inventory.Name);
        Assert.Equal("", claim.Inventory.Os);
        Assert.Equal(["x"], claim.Inventory.Tags.ToArray());
        Assert.Equal("", claim.Inventory.Labels["k"]);
        Assert.True(claim.Inventory.FileReceptionEnabled);
        Assert.NotEqual("", claim.ProcessSession);
    }

    [Fact]
    public void An_agent_without_id_gets_a_random_one_or_its_credentials_name()
    {
        AgentClaim first = Read("{}");
        Assert.True(Guid.TryParse(first.Client.Value, out _));
        Assert.NotEqual(first.Client, Read("{}").Client);
        Assert.Equal("clientAuth1", Read("{}", new AgentDoorOptions { EquateClientAuthIdClientId = true }).Client.Value);
        Assert.Equal("own", Read("""{"ID":"own"}""", new AgentDoorOptions { EquateClientAuthIdClientId = true }).Client.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1,2]")]
    [InlineData("""{"ID":5}""")]
    [InlineData("""{"ID":"a b"}""")]
    [InlineData("""{"ID":"a/b"}""")]
    [InlineData("""{"ID":"a\u0000"}""")]
    public void What_cannot_be_a_claim_is_refused_with_a_text(string json)
    {
        Assert.False(AgentClaim.TryRead(Encoding.UTF8.GetBytes(json), "clientAuth1", new AgentDoorOptions(), new TunnelOptions(), out _, out string refusal));
        Assert.StartsWith("invalid", refusal);
    }

    [Fact]
    public void Every_length_is_bounded_and_control_characters_are_dropped()
    {
        string many = string.Join(',', Enumerable.Range(0, 2000).Select(n => $"\"tag{n}\""));
        AgentClaim claim = Read($$"""{"ID":"a","Name":"x\u001b[31m\n{{new string('n', 5000)}}","Tags":[{{many}}]}""");
        Assert.Equal(256, claim.Inventory.Tags.Length);
        Assert.InRange(claim.Inventory.Name.Length, 1, 256);
        Assert.DoesNotContain(claim.Inventory.Name, char.IsControl);
    }

    private static AgentClaim Read(string json, AgentDoorOptions? options = null)
    {
        Assert.True(AgentClaim.TryRead(Encoding.UTF8.GetBytes(json), "clientAuth1", options ?? new AgentDoorOptions(), new TunnelOptions(), out AgentClaim claim, out string refusal), refusal);
        return claim;
    }
}
