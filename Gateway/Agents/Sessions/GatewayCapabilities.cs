using RPort.Protocol;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>What this gateway tells every agent about itself.</summary>
internal static class GatewayCapabilities
{
    /// <summary>The payload of <see cref="RequestNames.PutCapabilities"/>. No samples and no external addresses are kept, so that agents spare themselves the work.</summary>
    public static ReadOnlyMemory<byte> Json { get; } = ProtocolJson.Write(
        new Capabilities
        {
            ServerVersion = ProgramVersion.Current,
            MonitoringVersion = 0,
            IpAddressesVersion = 0,
            Features = [ProtocolFeatures.Push2, ProtocolFeatures.Inventory2, ProtocolFeatures.Tunnel2, ProtocolFeatures.Handover],
        },
        ProtocolJson.Default.Capabilities);
}
