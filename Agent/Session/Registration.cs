using System.Text.Json;
using Microsoft.Extensions.Logging;
using RPort.Agent.Configuration;
using RPort.Agent.Inventory;
using RPort.Agent.Logging;
using RPort.Agent.Tunnels;
using RPort.Protocol;

namespace RPort.Agent.Session;

/// <summary>Composes what the agent tells a gateway of itself. Slow facts are kept once known.</summary>
internal sealed class Registration(AgentOptions options, AgentIdentity identity, MachineProbe probe, ILogger logger)
{
    private static readonly string[] OwnFeatures = [ProtocolFeatures.Push2, ProtocolFeatures.Inventory2, ProtocolFeatures.Tunnel2, ProtocolFeatures.Handover];

    // Virtualisation and the like do not change while the process lives; addresses and time zone do and are read anew.
    private volatile MachineFacts? _slow;

    public AgentIdentity Identity => identity;

    /// <summary>What can be said at once.</summary>
    public ConnectionRequest Quick() => Compose(Known(probe.ReadQuick()));

    /// <summary>Everything; null when nothing was found that the quick one does not say already.</summary>
    public async Task<ConnectionRequest?> CompleteAsync(CancellationToken cancellationToken)
    {
        if (_slow is not null)
        {
            return null; // the quick one had it all
        }

        MachineFacts quick = probe.ReadQuick();
        MachineFacts slow = await probe.AddSlowAsync(quick, cancellationToken).ConfigureAwait(false);
        _slow = slow;
        bool news = slow.Virtualization != quick.Virtualization || slow.OsVersion != quick.OsVersion || slow.CpuModelName != quick.CpuModelName;
        return news ? Compose(slow) : null;
    }

    private MachineFacts Known(MachineFacts quick) => _slow is { } slow
        ? quick with { Virtualization = slow.Virtualization, OsVersion = slow.OsVersion, OsFullName = slow.OsFullName, CpuModelName = slow.CpuModelName }
        : quick;

    private ConnectionRequest Compose(MachineFacts facts)
    {
        ClientAttributes attributes = Attributes();
        return new ConnectionRequest
        {
            Id = identity.Id,
            Name = identity.Name,
            SessionId = identity.SessionId,
            Version = identity.Version,
            Os = facts.Os,
            OsFullName = facts.OsFullName,
            OsVersion = facts.OsVersion,
            OsVirtualizationSystem = facts.Virtualization.System,
            OsVirtualizationRole = facts.Virtualization.Role,
            OsArch = facts.OsArch,
            OsFamily = facts.OsFamily,
            OsKernel = facts.OsKernel,
            Hostname = facts.Hostname,
            CpuFamily = facts.CpuFamily,
            CpuModel = facts.CpuModel,
            CpuModelName = facts.CpuModelName,
            CpuVendor = facts.CpuVendor,
            NumCpus = facts.Cpus,
            MemoryTotal = facts.MemoryTotal,
            Timezone = facts.Timezone,
            IPv4 = facts.IPv4,
            IPv6 = facts.IPv6,
            Tags = attributes.Tags,
            Labels = attributes.Labels,
            Remotes = Remotes(),
            ClientConfiguration = DisclosedConfiguration.From(options),
            Features = OwnFeatures,
        };
    }

    private JsonElement? Remotes() => options.Client.Remotes.Count == 0
        ? null
        : JsonSerializer.SerializeToElement(
            [.. options.Client.Remotes.Select(static text => RemoteText.TryParse(text, out RemoteTunnel? remote)
                ? remote
                : throw new ArgumentException($"\"{text}\" is no remote."))], // the configuration was checked before
            ProtocolJson.Default.RemoteTunnelArray);

    private ClientAttributes Attributes()
    {
        try
        {
            return ClientAttributes.Read(options.Client);
        }
        catch (AttributesFileException error)
        {
            logger.AttributesUnusable(error);
            return new ClientAttributes(options.Client.Tags, options.Client.Labels);
        }
    }
}
