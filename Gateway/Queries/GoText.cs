using System.Globalization;

namespace RPort.Gateway.Queries;

/// <summary>Values as Go reads them, since that is how existing scripts write them.</summary>
internal static class GoText
{
    /// <summary>What a Go duration can hold: 2^63 nanoseconds.</summary>
    private const decimal LongestDuration = long.MaxValue;

    private const int MaxLength = 64;

    public static bool TryReadBool(string text, out bool value)
    {
        value = text is "1" or "t" or "T" or "TRUE" or "true" or "True";
        return value || text is "0" or "f" or "F" or "FALSE" or "false" or "False";
    }

    /// <summary>A duration such as <c>1m30s</c>, <c>1.5h</c> or <c>-2s</c>; below 100 ns it is cut.</summary>
    public static bool TryReadDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        bool negative = text.StartsWith('-');
        string rest = negative || text.StartsWith('+') ? text[1..] : text;
        if (rest == "0")
        {
            return true;
        }

        if (rest.Length is 0 or > MaxLength)
        {
            return false;
        }

        decimal sum = 0;
        for (int at = 0; at < rest.Length;)
        {
            int unit = EndOf(rest, at, c => char.IsAsciiDigit(c) || c == '.');
            int end = EndOf(rest, unit, c => !char.IsAsciiDigit(c) && c != '.');
            if (!decimal.TryParse(rest.AsSpan(at, unit - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal count)
                || Nanoseconds(rest[unit..end]) is not { } nanoseconds
                || count > LongestDuration / nanoseconds)
            {
                return false;
            }

            sum += count * nanoseconds;
            at = end;
        }

        duration = new TimeSpan((long)(Math.Min(sum, LongestDuration) / TimeSpan.NanosecondsPerTick) * (negative ? -1 : 1));
        return sum <= LongestDuration;
    }

    private static int EndOf(string text, int from, Func<char, bool> belongs)
    {
        while (from < text.Length && belongs(text[from]))
        {
            from++;
        }

        return from;
    }

    private static decimal? Nanoseconds(string unit) => unit switch
    {
        "ns" => 1m,
        "us" or "µs" or "μs" => 1e3m,
        "ms" => 1e6m,
        "s" => 1e9m,
        "m" => 60e9m,
        "h" => 3600e9m,
        _ => null,
    };
}
