using System.Text.Json;
using System.Text.Json.Serialization;
using RPort.Grains.Abstractions;

namespace RPort.Silo.Storage;

/// <summary>Ids as plain JSON strings. What is stored was checked when it came in, so reading does not check again.</summary>
internal sealed class IdJsonConverterFactory : JsonConverterFactory
{
    private static readonly Dictionary<Type, JsonConverter> Converters = new()
    {
        [typeof(ClientId)] = new IdJsonConverter<ClientId>(text => new ClientId(text), id => id.Value),
        [typeof(UploadId)] = new IdJsonConverter<UploadId>(text => new UploadId(text), id => id.Value),
        [typeof(SessionId)] = new IdJsonConverter<SessionId>(text => new SessionId(text), id => id.Value),
        [typeof(JobId)] = new IdJsonConverter<JobId>(text => JobId.Parse(text), id => id.ToString()),
        [typeof(GatewayId)] = new IdJsonConverter<GatewayId>(text => new GatewayId(text), id => id.Value),
    };

    public override bool CanConvert(Type typeToConvert) => Converters.ContainsKey(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) => Converters[typeToConvert];

    private sealed class IdJsonConverter<T>(Func<string, T> read, Func<T, string?> write) : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => read(reader.GetString() ?? "");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(write(value) ?? "");
    }
}
