using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>The answer to a connect.</summary>
/// <param name="Accepted">False where another live agent holds the id: it is then asked to prove that it lives, so a later try may pass.</param>
/// <param name="Fence">What the session shows with every later call; meaningless when refused.</param>
/// <param name="HolderName">When refused: the name of the client that holds the id.</param>
/// <param name="Pending">Pushes this client has still to receive.</param>
/// <param name="Tunnels">Tunnels the session is to open: they outlive sessions.</param>
[GenerateSerializer, Immutable, Alias("rport.ConnectResult")]
public sealed record ConnectResult(
    [property: Id(0)] bool Accepted,
    [property: Id(1)] SessionFence Fence,
    [property: Id(2)] string HolderName,
    [property: Id(3)] ImmutableArray<PushOrder> Pending,
    [property: Id(4)] ImmutableArray<TunnelRecord> Tunnels);
