using System.Globalization;

namespace RPort.Agent.Configuration;

/// <summary>
/// Times as people write them: <c>90s</c>, <c>1m30s</c>, <c>2h</c>, <c>250ms</c>, or <c>hh:mm:ss</c>. A bare number is refused: nobody can
/// know its unit.
/// </summary>
internal static class DurationText
{
    public static bool TryParse(string text, out TimeSpan time)
    {
        text = text.Trim();
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
        }

        time = TimeSpan.Zero;
        int at = 0;
        while (at < text.Length)
        {
            int digits = at;
            while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.'))
            {
                digits++;
            }

            int unit = digits;
            while (unit < text.Length && char.IsAsciiLetter(text[unit]))
            {
                unit++;
            }

            if (!decimal.TryParse(text.AsSpan(at, digits - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal count)
                || Ticks(text[digits..unit]) is not { } ticks
                || count > TimeSpan.MaxValue.Ticks / 2 / ticks)
            {
                return false;
            }

            time += TimeSpan.FromTicks((long)(count * ticks));
            at = unit;
        }

        return text.Length > 0;
    }

    public static string Format(TimeSpan time)
    {
        if (time == TimeSpan.Zero)
        {
            return "0s";
        }

        string text = "";
        foreach ((long ticks, string unit) in new[] { (TimeSpan.TicksPerHour, "h"), (TimeSpan.TicksPerMinute, "m"), (TimeSpan.TicksPerSecond, "s"), (TimeSpan.TicksPerMillisecond, "ms") })
        {
            long count = time.Ticks / ticks;
            time -= TimeSpan.FromTicks(count * ticks);
            text += count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
        }

        return text;
    }

    private static long? Ticks(string unit) => unit switch
    {
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        "d" => TimeSpan.TicksPerDay,
        _ => null,
    };
}
