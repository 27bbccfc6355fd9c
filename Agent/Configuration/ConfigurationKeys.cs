using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace RPort.Agent.Configuration;

/// <summary>Makes <see cref="ConfigurationKey"/>s of each kind of value.</summary>
internal static class ConfigurationKeys
{
    private const string Mask = "********";

    public static ConfigurationKey Text(
        string path, string summary, Func<AgentOptions, string> get, Action<AgentOptions, string> set, Func<string, string?>? rule = null) => new()
        {
            Path = path,
            Summary = summary,
            Apply = Single((options, text) => Checked(text, rule, () => set(options, text))),
            Show = options => get(options),
            Disclose = (options, json) => json.WriteStringValue(get(options)),
        };

    /// <summary>A text that is a secret as a whole or in part; <paramref name="mask"/> leaves what may be seen.</summary>
    public static ConfigurationKey Secret(
        string path, string summary, Func<AgentOptions, string> get, Action<AgentOptions, string> set, Func<string, string> mask, Func<string, string?> rule) => new()
        {
            Path = path,
            Summary = summary,
            Secret = true,
            Apply = Single((options, text) => Checked(text, rule, () => set(options, text))),
            Show = options => mask(get(options)),
        };

    public static ConfigurationKey Flag(string path, string summary, Func<AgentOptions, bool> get, Action<AgentOptions, bool> set) => new()
    {
        Path = path,
        Summary = summary,
        Apply = Single((options, text) =>
        {
            if (!bool.TryParse(text, out bool flag))
            {
                return "must be true or false";
            }

            set(options, flag);
            return null;
        }),
        Show = options => get(options) ? "true" : "false",
        Disclose = (options, json) => json.WriteBooleanValue(get(options)),
    };

    public static ConfigurationKey Number(string path, string summary, Func<AgentOptions, int> get, Action<AgentOptions, int> set, int least, int most) => new()
    {
        Path = path,
        Summary = summary,
        Apply = Single((options, text) =>
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < least || number > most)
            {
                return string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}");
            }

            set(options, number);
            return null;
        }),
        Show = options => get(options).ToString(CultureInfo.InvariantCulture),
        Disclose = (options, json) => json.WriteNumberValue(get(options)),
    };

    public static ConfigurationKey Duration(
        string path, string summary, Func<AgentOptions, TimeSpan> get, Action<AgentOptions, TimeSpan> set, TimeSpan least, TimeSpan most) => new()
        {
            Path = path,
            Summary = summary,
            Apply = Single((options, text) =>
            {
                if (!DurationText.TryParse(text, out TimeSpan time) || time < least || time > most)
                {
                    return $"must be a time from {DurationText.Format(least)} to {DurationText.Format(most)}, such as 90s, 1m30s or 00:01:30";
                }

                set(options, time);
                return null;
            }),
            Show = options => DurationText.Format(get(options)),
            Disclose = (options, json) => json.WriteNumberValue(get(options).Ticks * 100), // nanoseconds, as existing gateways expect
        };

    public static ConfigurationKey Level(string path, string summary, Func<AgentOptions, LogLevel> get, Action<AgentOptions, LogLevel> set) => new()
    {
        Path = path,
        Summary = summary,
        Apply = Single((options, text) =>
        {
            LogLevel? level = text.ToLowerInvariant() switch
            {
                "debug" => LogLevel.Debug,
                "info" or "information" => LogLevel.Information,
                "warn" or "warning" => LogLevel.Warning,
                "error" => LogLevel.Error,
                _ => null,
            };
            if (level is null)
            {
                return "must be debug, info, warning or error";
            }

            set(options, level.Value);
            return null;
        }),
        Show = options => LevelName(get(options)),
        Disclose = (options, json) => json.WriteStringValue(LevelName(get(options))),
    };

    public static ConfigurationKey List(
        string path, string summary, Func<AgentOptions, IReadOnlyList<string>> get, Action<AgentOptions, IReadOnlyList<string>> set, Func<string, string?>? rule = null) => new()
        {
            Path = path,
            Summary = summary,
            TakesParts = true,
            Apply = (options, value) =>
            {
                string[] items = value.Parts is { } parts
                    ? [.. parts.Values]
                    : (value.Text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                foreach (string item in items)
                {
                    if ((item.Length == 0 ? "must not hold an empty entry" : rule?.Invoke(item)) is { } broken)
                    {
                        return $"{broken} (entry \"{item}\")";
                    }
                }

                set(options, items);
                return null;
            },
            Show = options => get(options) is { Count: > 0 } items ? string.Join(", ", items) : "(none)",
            Disclose = (options, json) =>
            {
                json.WriteStartArray();
                foreach (string item in get(options))
                {
                    json.WriteStringValue(item);
                }

                json.WriteEndArray();
            },
        };

    /// <summary>Names with values. Secret: the values are masked for people and only the names go to the gateway.</summary>
    public static ConfigurationKey Map(
        string path, string summary, Func<AgentOptions, IReadOnlyDictionary<string, string>> get, Action<AgentOptions, IReadOnlyDictionary<string, string>> set,
        Func<string, string, string?> rule, bool secret = false) => new()
        {
            Path = path,
            Summary = summary,
            TakesParts = true,
            Secret = secret,
            Apply = (options, value) =>
            {
                Dictionary<string, string> map = new(StringComparer.OrdinalIgnoreCase);
                foreach ((string name, string text) in value.Parts is { } parts ? parts.AsEnumerable() : Pairs(value.Text ?? ""))
                {
                    if (rule(name, text) is { } broken)
                    {
                        return broken;
                    }

                    map[name] = text;
                }

                set(options, map);
                return null;
            },
            Show = options => get(options) is { Count: > 0 } map ? string.Join(", ", map.Select(pair => $"{pair.Key}={(secret ? Mask : pair.Value)}")) : "(none)",
            Disclose = (options, json) => WriteMap(json, get(options), secret),
        };

    /// <summary><c>user:********</c>, whatever the password.</summary>
    public static string MaskPassword(string auth) => auth.Length == 0 ? "" : auth[..Math.Max(0, auth.IndexOf(':'))] + ":" + Mask;

    /// <summary>A URL whose user and password are masked.</summary>
    public static string MaskUserInfo(string url)
    {
        int at = url.LastIndexOf('@');
        int scheme = url.IndexOf("://", StringComparison.Ordinal);
        return at < 0 ? url : url[..(scheme < 0 ? 0 : scheme + 3)] + Mask + url[at..];
    }

    private static ApplyValue Single(Func<AgentOptions, string, string?> apply) =>
        (options, value) => value.Parts is null ? apply(options, value.Text ?? "") : "takes a single value";

    private static string? Checked(string text, Func<string, string?>? rule, Action set)
    {
        string? broken = text.Length == 0 ? null : rule?.Invoke(text); // empty is how a key is switched off
        if (broken is null)
        {
            set();
        }

        return broken;
    }

    private static IEnumerable<KeyValuePair<string, string>> Pairs(string text) =>
        from pair in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        let cut = pair.IndexOf('=')
        select cut < 0 ? new KeyValuePair<string, string>(pair, "") : new(pair[..cut].TrimEnd(), pair[(cut + 1)..].TrimStart());

    private static void WriteMap(Utf8JsonWriter json, IReadOnlyDictionary<string, string> map, bool namesOnly)
    {
        if (namesOnly)
        {
            json.WriteStartArray();
            foreach (string name in map.Keys)
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
            return;
        }

        json.WriteStartObject();
        foreach ((string name, string text) in map)
        {
            json.WriteString(name, text);
        }

        json.WriteEndObject();
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };
}
