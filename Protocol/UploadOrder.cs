using System.Text.Json.Serialization;

namespace RPort.Protocol;

/// <summary>Payload of <see cref="RequestNames.Upload"/>: place this file there.</summary>
public sealed record UploadOrder
{
    /// <summary>Which push; part of the agent's temporary file name, so an agent refuses ids that are no plain file name.</summary>
    [JsonPropertyName("ID")] public string Id { get; init; } = "";
    /// <summary>The opaque path to read by SFTP. Valid on this connection only.</summary>
    public string SourceFilePath { get; init; } = "";
    /// <summary>Absolute path of the file to place.</summary>
    public string DestinationPath { get; init; } = "";
    /// <summary>Unix permission bits as a decimal number; 0 when not given.</summary>
    public int DestinationFileMode { get; init; }
    /// <summary>User to own the file, or empty.</summary>
    public string DestinationFileOwner { get; init; } = "";
    /// <summary>Group to own the file, or empty.</summary>
    public string DestinationFileGroup { get; init; } = "";
    /// <summary>Replace a file that is there.</summary>
    public bool ForceWrite { get; init; }
    /// <summary>Replace a file that is there when it differs.</summary>
    public bool Sync { get; init; }
    /// <summary>MD5 of the content, base64.</summary>
    public string Md5Checksum { get; init; } = "";
    /// <summary>SHA-256 of the content, base64. With <see cref="ProtocolFeatures.Push2"/> only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Sha256Checksum { get; init; }
    /// <summary>The content's length in bytes. With <see cref="ProtocolFeatures.Push2"/> only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? Size { get; init; }
    /// <summary>A failing chmod or chown is a note instead of an error. With <see cref="ProtocolFeatures.Push2"/> only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? LenientOwnership { get; init; }
    /// <summary>Counts retries: a higher number than the one already answered means do it again. With <see cref="ProtocolFeatures.Push2"/> only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Attempt { get; init; }
}
