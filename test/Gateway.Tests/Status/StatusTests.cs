using RPort.Gateway.Tests.Kit;

namespace RPort.Gateway.Tests.Status;

public sealed class StatusTests
{
    [Theory]
    [InlineData("Agents:Auth=one:secret", "Static Credentials")]
    [InlineData("Agents:Auth=", "File")]
    public async Task The_status_tells_where_agents_credentials_come_from(string setting, string source)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(setting);
        Assert.Equal(source, (await (await gateway.Http.GetAsync("status")).DataAsync()).GetProperty("clients_auth_source").GetString());
    }
}
