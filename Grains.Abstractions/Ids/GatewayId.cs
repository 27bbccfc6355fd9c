using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>Names one running gateway process.</summary>
[GenerateSerializer, Immutable, Alias("rport.GatewayId")]
public readonly record struct GatewayId([property: Id(0)] string Value)
{
    /// <summary>A new random id.</summary>
    public static GatewayId New() => new(Guid.NewGuid().ToString("N"));

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}
