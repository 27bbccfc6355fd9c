using System.Text.Json.Serialization;

namespace RPort.Protocol;

/// <summary>How a push ended: the reply to <see cref="RequestNames.Upload"/> of the base protocol, or the payload of <see cref="RequestNames.UploadResult"/>.</summary>
public sealed record UploadResult
{
    /// <summary>Which push.</summary>
    [JsonPropertyName("uuid")] public string Id { get; init; } = "";
    /// <summary>The destination; empty on error.</summary>
    [JsonPropertyName("filepath")] public string FilePath { get; init; } = "";
    /// <summary>Bytes placed; 0 when nothing was placed.</summary>
    [JsonPropertyName("size")] public long Size { get; init; }
    /// <summary>For people.</summary>
    [JsonPropertyName("message")] public string Message { get; init; } = "";
    /// <summary>One of <see cref="Success"/>, <see cref="Ignored"/>, <see cref="Error"/>.</summary>
    [JsonPropertyName("status")] public string Status { get; init; } = "";
    /// <summary>The attempt this answers (<see cref="UploadOrder.Attempt"/>). With <see cref="ProtocolFeatures.Push2"/> only.</summary>
    [JsonPropertyName("attempt"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Attempt { get; init; }

    /// <summary>The file is in place.</summary>
    public const string Success = "success";
    /// <summary>There was nothing to do.</summary>
    public const string Ignored = "ignored";
    /// <summary>It failed; the message says why.</summary>
    public const string Error = "error";
}

/// <summary>Reply to <see cref="RequestNames.Upload"/> with <see cref="ProtocolFeatures.Push2"/>: under way, the result follows.</summary>
public sealed record UploadAccepted
{
    /// <summary>Always true; a refusal is a failure reply with a text.</summary>
    [JsonPropertyName("accepted")] public bool Accepted { get; init; }
}

/// <summary>Payload of <see cref="RequestNames.UploadCancel"/>.</summary>
public sealed record UploadCancel
{
    /// <summary>Which push.</summary>
    [JsonPropertyName("ID")] public string Id { get; init; } = "";
}
