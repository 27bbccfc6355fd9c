using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>A gateway says: an agent has logged in and claims this client id.</summary>
/// <param name="Session">The connection; made by the gateway.</param>
/// <param name="ProcessSession">The agent process (its own random id): a re-dial of the same process takes over at once.</param>
/// <param name="Gateway">Where the connection ends.</param>
/// <param name="ClientAuthId">The name of the credential used.</param>
/// <param name="Address">The agent's address as seen by the gateway, without port.</param>
/// <param name="Inventory">What the machine said of itself.</param>
[GenerateSerializer, Immutable, Alias("rport.ConnectRequest")]
public sealed record ConnectRequest(
    [property: Id(0)] SessionId Session,
    [property: Id(1)] string ProcessSession,
    [property: Id(2)] GatewayId Gateway,
    [property: Id(3)] string ClientAuthId,
    [property: Id(4)] string Address,
    [property: Id(5)] ClientInventory Inventory);
