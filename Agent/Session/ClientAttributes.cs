using System.Text.Json;
using RPort.Agent.Configuration;
using RPort.Protocol;

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

    /// <summary>Puts new attributes into the file, as a whole or not at all.</summary>
    /// <param name="client">Names the file.</param>
    /// <param name="metadata">A <see cref="ClientMetadata"/>.</param>
    /// <exception cref="AttributesFileException">No file is configured, it can not be written, or these are no attributes. The message is for the peer.</exception>
    public static void Write(ClientOptions client, ReadOnlyMemory<byte> metadata)
    {
        string path = client.AttributesFilePath;
        if (path.Length == 0)
        {
            throw new AttributesFileException("attributes file path not set");
        }

        if (metadata.Length > MaxFileBytes || ProtocolJson.TryRead(metadata, ProtocolJson.Default.ClientMetadata) is not { } read)
        {
            throw new AttributesFileException($"the attributes must be a JSON object with tags and labels of at most {MaxFileBytes} bytes");
        }

        byte[] json = ProtocolJson.Write(read, ProtocolJson.Default.ClientMetadata);
        if (json.Length > MaxFileBytes)
        {
            throw new AttributesFileException($"the attributes take more than {MaxFileBytes} bytes"); // escaped they are longer, and could not be read again
        }

        try
        {
            Replace(path, json);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new AttributesFileException($"the attributes file cannot be written: {error.Message}", error);
        }
    }

    private static void Replace(string path, byte[] content)
    {
        string next = path + ".new"; // beside it: a rename replaces only within one file system
        try
        {
            using (FileStream file = new(next, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows() && File.Exists(path))
            {
                File.SetUnixFileMode(next, File.GetUnixFileMode(path));
            }

            File.Move(next, path, overwrite: true);
        }
        catch
        {
            File.Delete(next);
            throw;
        }
    }
}

/// <summary>The attributes file cannot be used.</summary>
internal sealed class AttributesFileException(string message, Exception? inner = null) : Exception(message, inner);
