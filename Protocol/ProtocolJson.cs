using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace RPort.Protocol;

/// <summary>Reads and writes the messages without reflection, as the agent's ahead-of-time build needs. Unknown members are ignored: newer peers may send more.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ConnectionRequest))]
[JsonSerializable(typeof(Capabilities))]
[JsonSerializable(typeof(TunnelQuestion))]
[JsonSerializable(typeof(TunnelAllowance))]
[JsonSerializable(typeof(PortQuestion))]
[JsonSerializable(typeof(PortState))]
[JsonSerializable(typeof(RemoteTunnel))]
[JsonSerializable(typeof(RemoteTunnel[]))]
[JsonSerializable(typeof(ClientMetadata))]
[JsonSerializable(typeof(MetadataUpdated))]
[JsonSerializable(typeof(CommandJob))]
[JsonSerializable(typeof(CommandStarted))]
[JsonSerializable(typeof(UploadOrder))]
[JsonSerializable(typeof(UploadResult))]
[JsonSerializable(typeof(UploadAccepted))]
[JsonSerializable(typeof(UploadCancel))]
public sealed partial class ProtocolJson : JsonSerializerContext
{
    /// <summary>The message as UTF-8 JSON.</summary>
    public static byte[] Write<T>(T message, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(message, type);

    /// <summary>The message, or null where the bytes are not one (bad JSON, wrong types, the JSON text <c>null</c>).</summary>
    public static T? TryRead<T>(ReadOnlyMemory<byte> json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json.Span, type);
        }
        catch (JsonException)
        {
            return null; // the caller answers the peer; what is wrong with its bytes is the peer's own matter
        }
    }
}
