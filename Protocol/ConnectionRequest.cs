using System.Text.Json;
using System.Text.Json.Serialization;

namespace RPort.Protocol;

/// <summary>
/// Payload of <see cref="RequestNames.NewConnection"/>: who the agent is and what machine it runs on. Names on the wire are the property
/// names as they are. Our agent never puts a credential in; the gateway removes those that existing agents put in.
/// </summary>
public sealed record ConnectionRequest
{
    /// <summary>The client id; empty lets the gateway choose one.</summary>
    [JsonPropertyName("ID")] public string Id { get; init; } = "";
    /// <summary>The name operators see.</summary>
    public string Name { get; init; } = "";
    /// <summary>Random id of the agent process: the same one may replace its own older connection.</summary>
    [JsonPropertyName("SessionID")] public string SessionId { get; init; } = "";
    /// <summary>The operating system in one line.</summary>
    [JsonPropertyName("OS")] public string Os { get; init; } = "";
    /// <summary>Such as <c>Debian 12.11</c>.</summary>
    [JsonPropertyName("OSFullName")] public string OsFullName { get; init; } = "";
    /// <summary>Such as <c>12.11</c>.</summary>
    [JsonPropertyName("OSVersion")] public string OsVersion { get; init; } = "";
    /// <summary>Such as <c>KVM</c>.</summary>
    [JsonPropertyName("OSVirtualizationSystem")] public string OsVirtualizationSystem { get; init; } = "";
    /// <summary><c>guest</c>, <c>host</c> or empty.</summary>
    [JsonPropertyName("OSVirtualizationRole")] public string OsVirtualizationRole { get; init; } = "";
    /// <summary>Such as <c>amd64</c>, <c>arm64</c>.</summary>
    [JsonPropertyName("OSArch")] public string OsArch { get; init; } = "";
    /// <summary>Such as <c>debian</c>.</summary>
    [JsonPropertyName("OSFamily")] public string OsFamily { get; init; } = "";
    /// <summary><c>linux</c>, <c>windows</c>, <c>darwin</c>.</summary>
    [JsonPropertyName("OSKernel")] public string OsKernel { get; init; } = "";
    /// <summary>The agent's version.</summary>
    public string Version { get; init; } = "";
    /// <summary>The machine's host name.</summary>
    public string Hostname { get; init; } = "";
    /// <summary>The processor's family number.</summary>
    [JsonPropertyName("CPUFamily")] public string CpuFamily { get; init; } = "";
    /// <summary>The processor's model number.</summary>
    [JsonPropertyName("CPUModel")] public string CpuModel { get; init; } = "";
    /// <summary>The processor's trade name.</summary>
    [JsonPropertyName("CPUModelName")] public string CpuModelName { get; init; } = "";
    /// <summary>The processor's vendor.</summary>
    [JsonPropertyName("CPUVendor")] public string CpuVendor { get; init; } = "";
    /// <summary>Logical processors.</summary>
    [JsonPropertyName("NumCPUs")] public int NumCpus { get; init; }
    /// <summary>Main memory in bytes.</summary>
    public long MemoryTotal { get; init; }
    /// <summary>Such as <c>CET (UTC+01:00)</c>.</summary>
    public string Timezone { get; init; } = "";
    /// <summary>IPv4 addresses.</summary>
    public IReadOnlyList<string>? IPv4 { get; init; }
    /// <summary>IPv6 addresses.</summary>
    public IReadOnlyList<string>? IPv6 { get; init; }
    /// <summary>Free words.</summary>
    public IReadOnlyList<string>? Tags { get; init; }
    /// <summary>Free key–value pairs.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    /// <summary>Tunnels the agent wants opened, as JSON; null or absent for none.</summary>
    public JsonElement? Remotes { get; init; }
    /// <summary>The agent's effective configuration in the sections <c>client, connection, logging, remote_commands, remote_scripts, monitoring, file_reception, interpreter_aliases</c>.</summary>
    public JsonElement? ClientConfiguration { get; init; }
    /// <summary>What the agent can do beyond the base protocol: <see cref="ProtocolFeatures"/>. Absent from existing agents.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? Features { get; init; }
}
