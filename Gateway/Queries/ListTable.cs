using System.Collections.Frozen;

namespace RPort.Gateway.Queries;

/// <summary>A list that is small enough to be filtered, sorted and cut in memory.</summary>
/// <param name="resource">Its name in <c>fields[…]</c>, which is not supported.</param>
/// <param name="defaultLimit">Page size where none is asked for.</param>
/// <param name="maxLimit">The largest page.</param>
/// <param name="columns">What can be filtered and sorted by; numbers sort by value.</param>
internal sealed class ListTable<T>(string resource, int defaultLimit, int maxLimit, params IEnumerable<(string Name, Func<T, object> Value)> columns)
{
    private readonly FrozenDictionary<string, Func<T, object>> _columns = columns.ToFrozenDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal);

    public ListShape Shape { get; } = new(
        resource,
        columns.Select(c => c.Name).ToFrozenSet(StringComparer.Ordinal),
        columns.Select(c => c.Name).ToFrozenSet(StringComparer.Ordinal),
        FrozenSet<string>.Empty,
        defaultLimit,
        maxLimit);

    /// <summary>The page, and how many match in all. Equal ones stay in their order.</summary>
    public (IReadOnlyList<T> Page, int Total) Select(IEnumerable<T> all, ListQuery query)
    {
        T[] matches = [.. all.Where(item => query.Filters.All(filter => Matches(item, filter)))];
        IEnumerable<T> sorted = matches;
        foreach (QuerySort sort in query.Sorts.Reverse())
        {
            Func<T, object> value = _columns[sort.Field];
            sorted = sort.Descending ? sorted.OrderByDescending(value, ByValue.Instance) : sorted.OrderBy(value, ByValue.Instance);
        }

        return ([.. sorted.Skip(query.Offset).Take(query.Limit)], matches.Length);
    }

    private bool Matches(T item, QueryFilter filter)
    {
        IEnumerable<string> fields = filter.Fields is ["*"] ? _columns.Keys : filter.Fields;
        return fields.Any(field =>
        {
            string text = $"{_columns[field](item)}";
            return filter.AllValues ? filter.Values.All(value => ValuePattern.Matches(value, text)) : filter.Values.Any(value => ValuePattern.Matches(value, text));
        });
    }

    private sealed class ByValue : IComparer<object>
    {
        public static readonly ByValue Instance = new();

        public int Compare(object? x, object? y) => x is string left && y is string right
            ? string.Compare(left, right, StringComparison.OrdinalIgnoreCase)
            : Comparer<object>.Default.Compare(x, y);
    }
}
