using System.Collections;
using System.Text.Json;

namespace RPort.Agent.Configuration;

/// <summary>One source's words: full key paths with texts, in the order given.</summary>
internal sealed record ConfigurationEntry(string Path, string Text, string Origin)
{
    /// <summary>A list that is there and empty; <see cref="Text"/> means nothing then.</summary>
    public bool EmptyList { get; init; }
}

/// <summary>Turns files and environments into <see cref="ConfigurationEntry"/>s. Knows no keys, save to guess at misspelt variables.</summary>
internal static class ConfigurationSources
{
    // Configuration is small; a file of this size is something else.
    private const int MaxFileBytes = 1024 * 1024;

    public static IReadOnlyList<ConfigurationEntry> ReadFile(string path, ICollection<string> errors)
    {
        string origin = $"file {path}";
        List<ConfigurationEntry> entries = [];
        try
        {
            if (new FileInfo(path).Length > MaxFileBytes)
            {
                errors.Add($"{path}: larger than {MaxFileBytes} bytes, this is no configuration");
                return entries;
            }

            using JsonDocument document = JsonDocument.Parse(
                File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                errors.Add($"{path}: must be a JSON object");
                return entries;
            }

            Flatten(document.RootElement, "", origin, entries, errors);
        }
        catch (JsonException error)
        {
            errors.Add($"{path}: line {error.LineNumber + 1}: no valid JSON");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: cannot be read: {error.Message}");
        }

        return entries;
    }

    /// <summary>Takes <c>RPORT_SECTION__KEY</c> and the short names. Others that begin with <c>RPORT_</c> are not ours, unless nearly a short name.</summary>
    public static IReadOnlyList<ConfigurationEntry> ReadEnvironment(IDictionary variables, ICollection<string> errors)
    {
        List<ConfigurationEntry> entries = [];
        foreach (DictionaryEntry variable in variables)
        {
            string name = (string)variable.Key;
            string origin = $"environment {name}";
            if (!name.StartsWith(ConfigurationSchema.VariablePrefix, StringComparison.Ordinal) || name == ConfigurationLoader.FileVariable)
            {
                continue;
            }

            if (ConfigurationSchema.ShortVariables.TryGetValue(name, out string? path))
            {
                entries.Add(new ConfigurationEntry(path, (string)(variable.Value ?? ""), origin));
            }
            else if (name.Contains("__", StringComparison.Ordinal))
            {
                path = name[ConfigurationSchema.VariablePrefix.Length..].Replace("__", ":", StringComparison.Ordinal);
                entries.Add(new ConfigurationEntry(path, (string)(variable.Value ?? ""), origin));
            }
            else if (NearestName.Find(name, ConfigurationSchema.ShortVariables.Keys) is { Distance: <= 2 } near)
            {
                errors.Add($"{name}: no such environment variable; did you mean {near.Name}?");
            }
        }

        return entries;
    }

    private static void Flatten(JsonElement element, string path, string origin, List<ConfigurationEntry> entries, ICollection<string> errors)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    string child = path.Length == 0 ? property.Name : $"{path}:{property.Name}";
                    if (!seen.Add(property.Name))
                    {
                        errors.Add($"{child}: given twice ({origin})");
                    }

                    Flatten(property.Value, child, origin, entries, errors);
                }

                break;
            case JsonValueKind.Array:
                int index = 0;
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Flatten(item, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}:{index++}"), origin, entries, errors);
                }

                if (index == 0)
                {
                    entries.Add(new ConfigurationEntry(path, "", origin) { EmptyList = true });
                }

                break;
            case JsonValueKind.Null:
                break; // the same as leaving it out
            default:
                entries.Add(new ConfigurationEntry(path, element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText(), origin));
                break;
        }
    }
}
