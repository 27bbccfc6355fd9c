using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>Names one question to a session, so that its answer finds the way back; never used twice.</summary>
[GenerateSerializer, Immutable, Alias("rport.QuestionId")]
public readonly record struct QuestionId([property: Id(0)] Guid Value)
{
    /// <summary>A new random id.</summary>
    public static QuestionId New() => new(Guid.NewGuid());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("N");
}
