using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>What an agent says of its machine. Never holds a credential.</summary>
[GenerateSerializer, Immutable, Alias("rport.ClientInventory")]
public sealed record ClientInventory
{
    /// <summary>The name operators see.</summary>
    [Id(0)] public string Name { get; init; } = "";
    /// <summary>The machine's host name.</summary>
    [Id(1)] public string Hostname { get; init; } = "";
    /// <summary>The operating system in one line, as <c>uname -a</c> gives it.</summary>
    [Id(2)] public string Os { get; init; } = "";
    /// <summary>Such as <c>Debian 12.11</c>.</summary>
    [Id(3)] public string OsFullName { get; init; } = "";
    /// <summary>Such as <c>12.11</c>.</summary>
    [Id(4)] public string OsVersion { get; init; } = "";
    /// <summary>Such as <c>amd64</c>.</summary>
    [Id(5)] public string OsArch { get; init; } = "";
    /// <summary>Such as <c>debian</c>.</summary>
    [Id(6)] public string OsFamily { get; init; } = "";
    /// <summary>Such as <c>linux</c>.</summary>
    [Id(7)] public string OsKernel { get; init; } = "";
    /// <summary>Such as <c>KVM</c>; empty on bare metal.</summary>
    [Id(8)] public string OsVirtualizationSystem { get; init; } = "";
    /// <summary><c>guest</c>, <c>host</c> or empty.</summary>
    [Id(9)] public string OsVirtualizationRole { get; init; } = "";
    /// <summary>Logical processors.</summary>
    [Id(10)] public int NumCpus { get; init; }
    /// <summary>The processor's family number.</summary>
    [Id(11)] public string CpuFamily { get; init; } = "";
    /// <summary>The processor's model number.</summary>
    [Id(12)] public string CpuModel { get; init; } = "";
    /// <summary>The processor's trade name.</summary>
    [Id(13)] public string CpuModelName { get; init; } = "";
    /// <summary>The processor's vendor.</summary>
    [Id(14)] public string CpuVendor { get; init; } = "";
    /// <summary>Main memory in bytes.</summary>
    [Id(15)] public long MemoryTotal { get; init; }
    /// <summary>Such as <c>CET (UTC+01:00)</c>.</summary>
    [Id(16)] public string Timezone { get; init; } = "";
    /// <summary>The agent's version.</summary>
    [Id(17)] public string Version { get; init; } = "";
    /// <summary>IPv4 addresses of the machine.</summary>
    [Id(18)] public ImmutableArray<string> IPv4 { get; init; } = [];
    /// <summary>IPv6 addresses of the machine.</summary>
    [Id(19)] public ImmutableArray<string> IPv6 { get; init; } = [];
    /// <summary>Free words for selecting machines.</summary>
    [Id(20)] public ImmutableArray<string> Tags { get; init; } = [];
    /// <summary>Free key–value pairs for selecting machines.</summary>
    [Id(21)] public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
    /// <summary>The agent's effective configuration as JSON, credentials removed by the gateway whatever the agent sent; empty when unknown.</summary>
    [Id(22)] public string ConfigurationJson { get; init; } = "";
    /// <summary>False where the agent refuses file pushes.</summary>
    [Id(23)] public bool FileReceptionEnabled { get; init; } = true;
    /// <summary>Protocol features the agent announced.</summary>
    [Id(24)] public ImmutableArray<string> Features { get; init; } = [];
}
