using System.Collections.Frozen;

namespace RPort.Gateway.Queries;

/// <summary>What may be asked of one list: its fields and its pages.</summary>
/// <param name="Resource">The name in <c>fields[…]</c>.</param>
/// <param name="Filters">Fields of <c>filter[…]</c>.</param>
/// <param name="Sorts">Fields of <c>sort</c>.</param>
/// <param name="Fields">Fields of <c>fields[…]</c>.</param>
/// <param name="DefaultLimit">Page size where none is asked for.</param>
/// <param name="MaxLimit">The largest page.</param>
internal sealed record ListShape(
    string Resource,
    FrozenSet<string> Filters,
    FrozenSet<string> Sorts,
    FrozenSet<string> Fields,
    int DefaultLimit,
    int MaxLimit)
{
    /// <summary>A list that has pages only.</summary>
    public static ListShape PagesOnly(string resource, int defaultLimit, int maxLimit) =>
        new(resource, FrozenSet<string>.Empty, FrozenSet<string>.Empty, FrozenSet<string>.Empty, defaultLimit, maxLimit);
}
