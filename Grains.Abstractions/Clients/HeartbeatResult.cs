using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>The answer to a heartbeat.</summary>
/// <param name="Current">False where the session is not the client's newest (or the grain lost its memory of it): connect again under the same ids, or close.</param>
/// <param name="Pending">Pushes this client has still to receive; the session starts those it does not know, which heals every lost notification.</param>
/// <param name="Tunnels">Tunnels the client has; the session opens those it neither has nor closed.</param>
[GenerateSerializer, Immutable, Alias("rport.HeartbeatResult")]
public sealed record HeartbeatResult(
    [property: Id(0)] bool Current, [property: Id(1)] ImmutableArray<PushOrder> Pending, [property: Id(2)] ImmutableArray<TunnelRecord> Tunnels);
