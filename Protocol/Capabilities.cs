using System.Text.Json.Serialization;

namespace RPort.Protocol;

/// <summary>Payload of <see cref="RequestNames.PutCapabilities"/>: what the gateway can do.</summary>
public sealed record Capabilities
{
    /// <summary>The gateway's version.</summary>
    public string ServerVersion { get; init; } = "";
    /// <summary>1 where monitoring samples are kept, else 0.</summary>
    public int MonitoringVersion { get; init; }
    /// <summary>1 where external addresses are kept, else 0.</summary>
    [JsonPropertyName("IPAddressesVersion")] public int IpAddressesVersion { get; init; }
    /// <summary>What the gateway can do beyond the base protocol: <see cref="ProtocolFeatures"/>. Unknown to existing agents, which ignore it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? Features { get; init; }
}
