using System.Text.Json;
using RPort.Protocol;

namespace RPort.Load.Agents;

/// <summary>What an agent of the load says of its machine: as long as what real ones say, and enough different values to filter and sort by.</summary>
internal static class Inventory
{
    /// <summary>All agents of the load bear it.</summary>
    public const string Tag = "load";

    private static readonly string[] Systems = ["Debian GNU/Linux 12", "Ubuntu 24.04.1 LTS", "Rocky Linux 9.4", "Windows Server 2022"];
    private static readonly JsonElement Configuration = JsonDocument.Parse(
        """{"client":{"server":"ws://gateway.example:8080","fingerprint":"SHA256:not-told"},"connection":{"keep_alive":"20s"},"file_reception":{"enabled":true,"protected":["/bin","/sbin","/boot","/usr/bin","/usr/sbin","/dev","/lib*","/run"]}}""").RootElement;

    public static byte[] Write(int number) => ProtocolJson.Write(
        new ConnectionRequest
        {
            Id = LoadAgent.IdOf(number),
            Name = $"machine {number:00000}",
            SessionId = Guid.NewGuid().ToString("N"),
            Version = "1.0.0",
            Os = "Linux 6.18.0 x86_64",
            OsFullName = Systems[number % Systems.Length],
            OsVersion = "12.8",
            OsVirtualizationSystem = "kvm",
            OsVirtualizationRole = "guest",
            OsArch = "amd64",
            OsFamily = "debian",
            OsKernel = "linux",
            Hostname = $"machine-{number % 100:00}.site-{number % 250:000}.example",
            CpuFamily = "25",
            CpuModel = "17",
            CpuModelName = "AMD EPYC 9004 Processor",
            CpuVendor = "AuthenticAMD",
            NumCpus = 2 + (number % 30),
            MemoryTotal = (4L + (number % 60)) << 30,
            Timezone = "CET (UTC+01:00)",
            IPv4 = [$"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", "172.17.0.1"],
            IPv6 = [$"fd00::{number:x}", "fe80::1"],
            Tags = [Tag, $"site-{number % 250:000}"],
            Labels = new Dictionary<string, string> { ["rack"] = $"{number % 40}" },
            ClientConfiguration = Configuration,
            Features = [ProtocolFeatures.Push2, ProtocolFeatures.Tunnel2],
        },
        ProtocolJson.Default.ConnectionRequest);
}
