using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>A question to the directory: all filters must match.</summary>
[GenerateSerializer, Immutable, Alias("rport.ClientQuery")]
public sealed record ClientQuery(
    [property: Id(0)] ImmutableArray<ClientFilter> Filters,
    [property: Id(1)] ImmutableArray<ClientSort> Sorts,
    [property: Id(2)] int Offset,
    [property: Id(3)] int Limit);

/// <summary>One filter: it matches when any of the fields matches the values. Values are compared without case, <c>*</c> stands for any text.</summary>
/// <param name="Fields">Field names of <c>ClientFields</c>; several are alternatives.</param>
/// <param name="Values">What to compare with.</param>
/// <param name="AllValues">True: a list field must hold every value; false: one is enough.</param>
[GenerateSerializer, Immutable, Alias("rport.ClientFilter")]
public sealed record ClientFilter(
    [property: Id(0)] ImmutableArray<string> Fields,
    [property: Id(1)] ImmutableArray<string> Values,
    [property: Id(2)] bool AllValues);

/// <summary>One sort key, by field name.</summary>
[GenerateSerializer, Immutable, Alias("rport.ClientSort")]
public sealed record ClientSort([property: Id(0)] string Field, [property: Id(1)] bool Descending);

/// <summary>A shard's answer: the number of all matches and the first of them.</summary>
[GenerateSerializer, Immutable, Alias("rport.ClientPage")]
public sealed record ClientPage([property: Id(0)] int Total, [property: Id(1)] ImmutableArray<ClientRecord> Clients);

/// <summary>Numbers of clients.</summary>
[GenerateSerializer, Immutable, Alias("rport.ClientCounts")]
public readonly record struct ClientCounts([property: Id(0)] int Connected, [property: Id(1)] int Disconnected);
