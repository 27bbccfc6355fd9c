using System.Net;
using RPort.Gateway.Agents.Registration;
using RPort.Gateway.Agents.Sessions;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Agents;

public sealed class ClientLinkTests
{
    [Fact]
    public async Task A_registration_that_comes_after_the_end_of_its_session_leaves_no_client_behind()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        SessionEnvironment environment = gateway.Environment;
        await using AgentSession session = new(environment, gateway.Sessions, IPAddress.Loopback);
        ClientLink link = new(environment, SessionId.New(), new GatewayId("here"), "127.0.0.1", new SessionEar(session));
        await link.DisposeAsync();

        AgentClaim claim = new(new ClientId("late"), "process", GatewayUnderTest.AuthId, new ClientInventory { Name = "late" }, []);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => link.ConnectAsync(claim, CancellationToken.None));
        Assert.Null(await gateway.ClientAsync("late"));
    }
}
