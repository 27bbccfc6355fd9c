using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Primitives;
using RPort.Gateway.Errors;

namespace RPort.Gateway.Queries;

/// <summary>
/// Reads <c>filter[a|b]=v1,v2</c>, <c>filter[a][eq]=v</c>, <c>filter[a]=and(x,y)</c>, <c>sort=-a</c>, <c>page[limit]</c>, <c>page[offset]</c>
/// and <c>fields[resource]=a,b</c>. All mistakes are told at once.
/// </summary>
internal sealed class ListQueryParser
{
    /// <summary>Bounds what one request can make the directory compare.</summary>
    private const int MaxTerms = 100;

    private readonly ListShape _shape;
    private readonly List<ApiError> _errors = [];
    private readonly ImmutableArray<QueryFilter>.Builder _filters = ImmutableArray.CreateBuilder<QueryFilter>();
    private readonly ImmutableArray<QuerySort>.Builder _sorts = ImmutableArray.CreateBuilder<QuerySort>();
    private readonly ImmutableArray<string>.Builder _fields = ImmutableArray.CreateBuilder<string>();
    private int _offset;
    private int _limit;

    private ListQueryParser(ListShape shape)
    {
        _shape = shape;
        _limit = shape.DefaultLimit;
    }

    /// <summary>The query, or an <see cref="ApiFailureException"/> (400) that lists every mistake.</summary>
    public static ListQuery Parse(IQueryCollection query, ListShape shape)
    {
        var parser = new ListQueryParser(shape);
        foreach ((string key, StringValues values) in query)
        {
            foreach (string? value in values)
            {
                parser.Read(key, value ?? "");
            }
        }

        return parser._errors.Count == 0
            ? new ListQuery(parser._filters.ToImmutable(), parser._sorts.ToImmutable(), parser._fields.ToImmutable(), parser._offset, parser._limit)
            : throw new ApiFailureException(new ApiFailure(StatusCodes.Status400BadRequest, parser._errors));
    }

    private void Read(string key, string value)
    {
        if (key == "sort")
        {
            ReadSort(value);
        }
        else if (key == "page[limit]")
        {
            ReadLimit(value);
        }
        else if (key == "page[offset]")
        {
            ReadOffset(value);
        }
        else if (key.StartsWith("filter[", StringComparison.Ordinal))
        {
            ReadFilter(key, value);
        }
        else if (key.StartsWith("fields[", StringComparison.Ordinal) && key.EndsWith(']'))
        {
            ReadFields(key["fields[".Length..^1], value);
        }
    }

    private void ReadSort(string value)
    {
        foreach (string item in Split(value))
        {
            bool descending = item.StartsWith('-');
            string field = descending ? item[1..] : item;
            if (_shape.Sorts.Contains(field) && _sorts.Count < MaxTerms)
            {
                _sorts.Add(new QuerySort(field, descending));
            }
            else
            {
                Fail($"unsupported sort field '{field}'");
            }
        }
    }

    private void ReadFilter(string key, string value)
    {
        string inside = key["filter[".Length..];
        int end = inside.IndexOf(']');
        string @operator = end < 0 ? "" : inside[(end + 1)..];
        ImmutableArray<string> fields = end < 0 ? [] : [.. inside[..end].Split('|', StringSplitOptions.TrimEntries)];
        bool known = !fields.IsEmpty && _shape.Filters.Count > 0 && fields.All(f => f == "*" || _shape.Filters.Contains(f));
        if (!known || @operator is not ("" or "[eq]"))
        {
            Fail($"unsupported filter field '{key}'");
            return;
        }

        (ImmutableArray<string> values, bool all) = ReadValues(value);
        if (values.Length > MaxTerms || _filters.Count >= MaxTerms)
        {
            Fail($"too many filter values, maximum is {MaxTerms}");
            return;
        }

        _filters.Add(new QueryFilter(fields.Contains("*") ? ["*"] : fields, values, all));
    }

    private static (ImmutableArray<string> Values, bool All) ReadValues(string value)
    {
        bool all = value.StartsWith("and(", StringComparison.OrdinalIgnoreCase) && value.EndsWith(')');
        bool any = value.StartsWith("or(", StringComparison.OrdinalIgnoreCase) && value.EndsWith(')');
        string list = all ? value["and(".Length..^1] : any ? value["or(".Length..^1] : value;
        return ([.. list.Split(',', StringSplitOptions.TrimEntries)], all);
    }

    private void ReadFields(string resource, string value)
    {
        if (resource != _shape.Resource)
        {
            Fail($"unsupported resource in fields: \"{resource}\"");
            return;
        }

        foreach (string field in Split(value))
        {
            if (!_shape.Fields.Contains(field))
            {
                Fail($"unsupported field \"{field}\" for resource \"{resource}\"");
            }
            else if (!_fields.Contains(field))
            {
                _fields.Add(field);
            }
        }
    }

    private void ReadLimit(string value)
    {
        if (!int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int limit))
        {
            Fail("pagination limit must be a number");
        }
        else if (limit <= 0)
        {
            Fail("pagination limit must be positive");
        }
        else if (limit > _shape.MaxLimit)
        {
            Fail($"pagination limit too big ({limit}) maximum is {_shape.MaxLimit}");
        }
        else
        {
            _limit = limit;
        }
    }

    private void ReadOffset(string value)
    {
        if (!int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int offset))
        {
            Fail("pagination offset must be a number");
        }
        else if (offset < 0)
        {
            Fail("pagination offset must not be negative");
        }
        else
        {
            _offset = Math.Min(offset, int.MaxValue - _shape.MaxLimit); // offset + limit must stay a number
        }
    }

    private static string[] Split(string value) => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private void Fail(string title)
    {
        if (_errors.Count < MaxTerms)
        {
            _errors.Add(new ApiError(ApiErrorCode.InvalidQuery, title, ""));
        }
    }
}
