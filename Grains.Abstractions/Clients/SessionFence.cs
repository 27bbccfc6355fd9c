using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>
/// Proof of being the newest session of a client. The epoch grows with every accepted connect; a client grain ignores every call that
/// carries an older one, so that a late message of a dead connection changes nothing.
/// </summary>
[GenerateSerializer, Immutable, Alias("rport.SessionFence")]
public readonly record struct SessionFence([property: Id(0)] SessionId Session, [property: Id(1)] long Epoch);
