using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>Names one connection of an agent to a gateway; never used twice.</summary>
[GenerateSerializer, Immutable, Alias("rport.SessionId")]
public readonly record struct SessionId([property: Id(0)] string Value)
{
    /// <summary>A new random id.</summary>
    public static SessionId New() => new(Guid.NewGuid().ToString("N"));

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}
