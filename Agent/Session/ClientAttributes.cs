using System.Text.Json;
using RPort.Agent.Configuration;

namespace RPort.Agent.Session;

/// <summary>The words and pairs that operators select this client by.</summary>
internal sealed record ClientAttributes(IReadOnlyList<string> Tags, IReadOnlyDictionary<string, string> Labels)
{
    private const int MaxFileBytes = 64 * 1024;

    /// <summary>From the attributes file where one is configured, else from the configuration itself.</summary>
    /// <exception cref="AttributesFileException">The file cannot be used.</exception>
    public static ClientAttributes Read(ClientOptions client)
    {
        if (client.AttributesFilePath.Length == 0)
        {
            return new ClientAttributes(client.Tags, client.Labels);
        }

        try
        {
            if (new FileInfo(client.AttributesFilePath).Length > MaxFileBytes)
            {
                throw new AttributesFileException($"{client.AttributesFilePath} is larger than {MaxFileBytes} bytes");
            }

            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(client.AttributesFilePath));
            JsonElement root = document.RootElement;
            return new ClientAttributes(
                root.TryGetProperty("tags", out JsonElement tags) && tags.ValueKind != JsonValueKind.Null
                    ? [.. tags.EnumerateArray().Select(tag => tag.GetString() ?? "")]
                    : [],
                root.TryGetProperty("labels", out JsonElement labels) && labels.ValueKind != JsonValueKind.Null
                    ? labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "")
                    : new Dictionary<string, string>());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new AttributesFileException($"{client.AttributesFilePath} is no readable JSON object with tags and labels", error);
        }
    }
}

/// <summary>The attributes file cannot be used.</summary>
internal sealed class AttributesFileException(string message, Exception? inner = null) : Exception(message, inner);
