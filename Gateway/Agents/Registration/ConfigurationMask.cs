using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RPort.Gateway.Agents.Registration;

/// <summary>
/// Takes the credentials out of a configuration that an agent reports about itself. Existing agents send theirs whole: password, proxy URL with
/// its password, header values. What is shown to operators and stored has none of it, whatever the agent sent.
/// </summary>
internal static partial class ConfigurationMask
{
    /// <summary>The longest configuration kept, in characters of JSON; a longer one is dropped whole.</summary>
    public const int MaxLength = 64 * 1024;

    private const string Masked = "***";

    private static readonly string[] SecretWords =
        ["pass", "pwd", "secret", "token", "credential", "apikey", "privatekey", "authorization", "cookie", "bearer", "keyseed"];

    // "auth" alone would also hit "author"; these are the names agents use.
    private static readonly string[] SecretNames = ["auth", "authuser", "auths", "user", "userinfo", "key"];

    private static readonly string[] PlainHeaders = ["user-agent", "host", "accept", "accept-language"];

    /// <summary>The configuration as JSON without credentials; empty where there is none.</summary>
    /// <param name="configuration">What the agent sent.</param>
    /// <param name="authId">The name of its credential: a text that begins with it and a colon is a credential wherever it stands.</param>
    public static string Apply(JsonElement? configuration, string authId)
    {
        if (configuration is not { ValueKind: JsonValueKind.Object } root)
        {
            return "";
        }

        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter writer = new(output))
        {
            Write(writer, root, new Place(authId, InHeaders: false, InProxy: false));
        }

        return output.WrittenCount <= MaxLength ? Encoding.UTF8.GetString(output.WrittenSpan) : "";
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element, Place place)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    WriteProperty(writer, property, place);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Write(writer, item, place);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Clean(element.GetString()!, place));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static void WriteProperty(Utf8JsonWriter writer, JsonProperty property, Place place)
    {
        string name = Plain(property.Name);
        if (IsSecret(name))
        {
            return;
        }

        writer.WritePropertyName(property.Name);
        if (place.InHeaders && PlainHeaders.Contains(property.Name, StringComparer.OrdinalIgnoreCase))
        {
            // The value of a header that is no secret, still searched for URLs with a password.
            Write(writer, property.Value, place with { InHeaders = false });
            return;
        }

        Write(writer, property.Value, place with
        {
            InHeaders = place.InHeaders || name.Contains("header", StringComparison.Ordinal),
            InProxy = place.InProxy || name.Contains("proxy", StringComparison.Ordinal),
        });
    }

    private static string Clean(string text, Place place)
    {
        if (place.InHeaders)
        {
            int colon = text.IndexOf(':');
            return colon > 0 && !PlainHeaders.Contains(text[..colon].Trim(), StringComparer.OrdinalIgnoreCase)
                ? text[..(colon + 1)] + " " + Masked
                : colon > 0 ? CleanUrl(text) : Masked;
        }

        if (place.AuthId.Length > 0 && text.StartsWith(place.AuthId + ":", StringComparison.Ordinal))
        {
            return Masked;
        }

        text = CleanUrl(text);
        int at = place.InProxy && !text.Contains("://", StringComparison.Ordinal) ? text.LastIndexOf('@') : -1;
        return at >= 0 ? text[(at + 1)..] : text;
    }

    private static string CleanUrl(string text) => text.Contains('@') ? UserPart().Replace(text, "//") : text;

    private static bool IsSecret(string name) =>
        SecretNames.Contains(name, StringComparer.Ordinal) || SecretWords.Any(word => name.Contains(word, StringComparison.Ordinal));

    private static string Plain(string name) =>
        string.Concat(name.Where(static c => c is not ('_' or '-' or '.' or ' '))).ToLowerInvariant();

    // What stands between // and the last @ before the path: a password may itself hold an @.
    [GeneratedRegex("//[^/\\s?#]*@")]
    private static partial Regex UserPart();

    private readonly record struct Place(string AuthId, bool InHeaders, bool InProxy);
}
