using System.Collections.Immutable;
using System.Globalization;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>The filters of one query, made ready once and asked for every client.</summary>
internal sealed class ClientMatcher
{
    private readonly Filter[] _filters;

    /// <exception cref="ArgumentException">A filter names no field.</exception>
    public ClientMatcher(ImmutableArray<ClientFilter> filters) => _filters = [.. filters.Select(filter => new Filter(filter))];

    public bool Matches(ClientRecord record)
    {
        foreach (Filter filter in _filters)
        {
            if (!filter.Matches(record))
            {
                return false;
            }
        }

        return true;
    }

    private sealed class Filter
    {
        private readonly ClientField[] _fields;
        private readonly TextPattern[] _patterns;
        private readonly bool _all;

        public Filter(ClientFilter filter)
        {
            _fields = filter.Fields.Contains(ClientFields.Any) ? [.. ClientFields.All] : [.. filter.Fields.Select(Find)];
            _patterns = [.. filter.Values.Select(value => new TextPattern(value))];
            _all = filter.AllValues;
        }

        public bool Matches(ClientRecord record)
        {
            Span<char> digits = stackalloc char[20]; // of any long
            foreach (ClientField field in _fields)
            {
                bool matches = field.IsList ? MatchesList(field.Values(record))
                    : field.IsNumber ? MatchesText(Write(field.Number(record), digits))
                    : MatchesText(field.Text(record));
                if (matches)
                {
                    return true;
                }
            }

            return false;
        }

        private static ReadOnlySpan<char> Write(long number, Span<char> room)
        {
            number.TryFormat(room, out int length, provider: CultureInfo.InvariantCulture);
            return room[..length];
        }

        private bool MatchesText(ReadOnlySpan<char> text)
        {
            foreach (TextPattern pattern in _patterns)
            {
                if (pattern.Matches(text) != _all)
                {
                    return !_all; // one that matches settles "any", one that does not settles "all"
                }
            }

            return _all;
        }

        private bool MatchesList(ImmutableArray<string> values)
        {
            foreach (TextPattern pattern in _patterns)
            {
                if (MatchesOne(pattern, values) != _all)
                {
                    return !_all;
                }
            }

            return _all;
        }

        private static bool MatchesOne(TextPattern pattern, ImmutableArray<string> values)
        {
            foreach (string value in values)
            {
                if (pattern.Matches(value))
                {
                    return true;
                }
            }

            return false;
        }

        private static ClientField Find(string name) =>
            ClientFields.TryFind(name, out ClientField? field) ? field : throw new ArgumentException($"There is no client field '{name}' to filter by.");
    }
}
