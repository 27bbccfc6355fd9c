using Microsoft.Extensions.Primitives;
using RPort.Gateway.Errors;
using RPort.Gateway.Queries;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>The parameters of a query, each known and given once at most; every failure is an <see cref="ApiFailureException"/> (400).</summary>
internal sealed class QueryParameters
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public QueryParameters(IQueryCollection query, IReadOnlyCollection<string> known)
    {
        foreach ((string name, StringValues values) in query)
        {
            if (!known.Contains(name))
            {
                throw Bad(ApiErrorCode.UnknownParameter, $"unknown parameter {Shown(name)}", $"known are {string.Join(", ", known)}");
            }

            if (values.Count > 1)
            {
                throw Bad(ApiErrorCode.RepeatedParameter, $"parameter {name} is given more than once", "one value is expected");
            }

            _values[name] = values.ToString();
        }
    }

    /// <summary>The value without spaces around it; empty where it is not given.</summary>
    public string Text(string name) => _values.GetValueOrDefault(name, "").Trim();

    /// <summary>A value of so many characters at most, none of them a control character.</summary>
    public string Text(string name, int max) => Bounded(name, Text(name), max);

    /// <summary>As that, with the spaces around it.</summary>
    public string Exact(string name, int max) => Bounded(name, _values.GetValueOrDefault(name, ""), max);

    /// <summary>A truth value; <paramref name="otherwise"/> where it is not given.</summary>
    public bool Flag(string name, bool otherwise = false)
    {
        string text = Text(name);
        return text.Length == 0 ? otherwise
            : GoText.TryReadBool(text, out bool value) ? value
            : throw Bad(ApiErrorCode.InvalidParameter, $"invalid {name} value {Shown(text)}", "true or false is expected");
    }

    private static string Bounded(string name, string text, int max) => text.Length <= max && !text.Any(char.IsControl)
        ? text
        : throw Bad(ApiErrorCode.InvalidParameter, $"invalid {name}", $"at most {max} characters without control characters are expected");

    public static ApiFailureException Bad(string code, string title, string detail) => new(ApiFailure.BadRequest(title, detail, code));

    public static string Shown(string value) => value.Length <= 64 ? value : value[..64] + "…";
}
