using System.Collections.Immutable;

namespace RPort.Gateway.Queries;

/// <summary>What a caller asks of a list, checked against its shape.</summary>
/// <param name="Filters">All must match.</param>
/// <param name="Sorts">In order of weight.</param>
/// <param name="Fields">The fields to show; empty for the default.</param>
/// <param name="Offset">Matches to leave out.</param>
/// <param name="Limit">The most matches to show.</param>
internal sealed record ListQuery(
    ImmutableArray<QueryFilter> Filters,
    ImmutableArray<QuerySort> Sorts,
    ImmutableArray<string> Fields,
    int Offset,
    int Limit);

/// <summary>One filter: any of the fields matches the values. Field <c>*</c> stands for every field.</summary>
/// <param name="Fields">The alternatives.</param>
/// <param name="Values">What to compare with.</param>
/// <param name="AllValues">True for <c>and(…)</c>: a list field must hold every value.</param>
internal sealed record QueryFilter(ImmutableArray<string> Fields, ImmutableArray<string> Values, bool AllValues);

/// <summary>One sort key.</summary>
internal sealed record QuerySort(string Field, bool Descending);
