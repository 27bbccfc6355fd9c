using System.Text.Json;
using Orleans.Storage;

namespace Orleans.Engine;

/// <summary>State as JSON, where the host registers no serializer of its own.</summary>
internal sealed class JsonStorageSerializer : IGrainStorageSerializer
{
    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input));

    public T? Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input.ToMemory().Span);
}
