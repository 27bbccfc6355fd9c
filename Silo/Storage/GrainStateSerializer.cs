using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Storage;

namespace RPort.Silo.Storage;

/// <summary>Grain state as JSON, the same in every storage provider, so that it can be read without this program and moved between providers.</summary>
public sealed class GrainStateSerializer : IGrainStorageSerializer
{
    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new IdJsonConverterFactory() },
    };

    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, Options));

    /// <inheritdoc/>
    public T? Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input.ToMemory().Span, Options);
}
