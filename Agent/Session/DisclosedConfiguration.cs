using System.Buffers;
using System.Text;
using System.Text.Json;
using RPort.Agent.Configuration;

namespace RPort.Agent.Session;

/// <summary>
/// The effective configuration as the gateway gets to see it: section and key names in lower case with underscores, times in nanoseconds. Keys
/// that are secrets are left out, of maps with secret values only the names are given.
/// </summary>
internal static class DisclosedConfiguration
{
    public static JsonElement From(AgentOptions options)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            foreach (IGrouping<string, ConfigurationKey> section in ConfigurationSchema.All.GroupBy(key => key.Section))
            {
                json.WriteStartObject(WireName(section.Key));
                foreach (ConfigurationKey key in section)
                {
                    if (key.Disclose is { } disclose)
                    {
                        json.WritePropertyName(WireName(key.Name));
                        disclose(options, json);
                    }
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    private static string WireName(string name)
    {
        StringBuilder wire = new();
        foreach (char c in name)
        {
            wire.Append(char.IsUpper(c) && wire.Length > 0 ? "_" : "").Append(char.ToLowerInvariant(c));
        }

        return wire.ToString();
    }
}
