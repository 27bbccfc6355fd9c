using System.Globalization;
using System.Text.RegularExpressions;
using RPort.Gateway.Errors;

namespace RPort.Gateway.Files.Form;

/// <summary>Reads when a push ends: a time (RFC 3339), or a duration such as <c>90s</c>, <c>1h30m</c>, <c>2d</c>.</summary>
internal static partial class Expiry
{
    public static DateTimeOffset? Read(string text, DateTimeOffset now, TimeSpan longest)
    {
        if (text.Length == 0)
        {
            return null;
        }

        DateTimeOffset end = TryReadDuration(text, out TimeSpan duration) ? now + duration
            : text.Contains('T', StringComparison.OrdinalIgnoreCase) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time
            : throw Bad("a duration such as 2h or a time such as 2030-01-31T12:00:00Z is expected");
        if (end <= now)
        {
            throw Bad("the time must be in the future");
        }

        return end - now <= longest ? end : throw Bad($"the longest time is {longest.TotalHours:0.##}h");
    }

    private static bool TryReadDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        Match match = text.Length <= 40 ? Duration().Match(text) : Match.Empty;
        if (!match.Success)
        {
            return false;
        }

        double seconds = 0;
        for (int i = 0; i < match.Groups[1].Captures.Count; i++)
        {
            seconds += double.Parse(match.Groups[2].Captures[i].ValueSpan, CultureInfo.InvariantCulture) * match.Groups[3].Captures[i].Value switch
            {
                "ms" => 0.001,
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => 86400,
            };
        }

        duration = seconds < 1e9 ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromSeconds(1e9); // any such length is refused as too long
        return true;
    }

    private static ApiFailureException Bad(string detail) => new(ApiFailure.BadRequest("invalid expires", detail));

    [GeneratedRegex("^(([0-9]{1,9}(?:\\.[0-9]{1,9})?)(ms|s|m|h|d))+$", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();
}
