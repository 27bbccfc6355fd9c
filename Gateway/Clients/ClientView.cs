using System.Text.Json;
using RPort.Gateway.Tunnels.Api;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Clients;

/// <summary>One client as the API shows it.</summary>
internal sealed record ClientView
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Address { get; init; }
    public required string Hostname { get; init; }
    public required string Os { get; init; }
    public required string OsFullName { get; init; }
    public required string OsVersion { get; init; }
    public required string OsArch { get; init; }
    public required string OsFamily { get; init; }
    public required string OsKernel { get; init; }
    public required string OsVirtualizationSystem { get; init; }
    public required string OsVirtualizationRole { get; init; }
    public required int NumCpus { get; init; }
    public required string CpuFamily { get; init; }
    public required string CpuModel { get; init; }
    public required string CpuModelName { get; init; }
    public required string CpuVendor { get; init; }
    public required long MemTotal { get; init; }
    public required string Timezone { get; init; }
    public required string ClientAuthId { get; init; }
    public required string Version { get; init; }
    public required DateTimeOffset? DisconnectedAt { get; init; }
    public required DateTimeOffset? LastHeartbeatAt { get; init; }
    public required string ConnectionState { get; init; }
    public required IReadOnlyList<string> Ipv4 { get; init; }
    public required IReadOnlyList<string> Ipv6 { get; init; }
    public required IReadOnlyList<string> Tags { get; init; }
    public required IReadOnlyList<string>? AllowedUserGroups { get; init; }
    public required IReadOnlyList<TunnelView> Tunnels { get; init; }
    public object? UpdatesStatus { get; init; }
    public object? ExtIpAddresses { get; init; }
    public required JsonElement? ClientConfiguration { get; init; }
    public IReadOnlyList<string> Groups { get; init; } = [];
    public required IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The client, its tunnels as they are kept.</summary>
    public static ClientView From(ClientRecord record) => From(record, [.. record.Tunnels.Select(TunnelView.From)]);

    /// <summary>The client with its tunnels as they fare.</summary>
    public static ClientView From(ClientRecord record, IReadOnlyList<TunnelView> tunnels)
    {
        ClientInventory machine = record.Inventory;
        return new ClientView
        {
            Id = record.Id.Value,
            Name = machine.Name,
            Address = record.Address,
            Hostname = machine.Hostname,
            Os = machine.Os,
            OsFullName = machine.OsFullName,
            OsVersion = machine.OsVersion,
            OsArch = machine.OsArch,
            OsFamily = machine.OsFamily,
            OsKernel = machine.OsKernel,
            OsVirtualizationSystem = machine.OsVirtualizationSystem,
            OsVirtualizationRole = machine.OsVirtualizationRole,
            NumCpus = machine.NumCpus,
            CpuFamily = machine.CpuFamily,
            CpuModel = machine.CpuModel,
            CpuModelName = machine.CpuModelName,
            CpuVendor = machine.CpuVendor,
            MemTotal = machine.MemoryTotal,
            Timezone = machine.Timezone,
            ClientAuthId = record.ClientAuthId,
            Version = machine.Version,
            DisconnectedAt = record.DisconnectedAt,
            LastHeartbeatAt = record.LastHeartbeatAt,
            ConnectionState = record.Connected ? ClientFields.Connected : ClientFields.Disconnected,
            Ipv4 = machine.IPv4,
            Ipv6 = machine.IPv6,
            Tags = machine.Tags,
            AllowedUserGroups = record.AllowedUserGroups.IsEmpty ? null : record.AllowedUserGroups,
            Tunnels = tunnels,
            ClientConfiguration = Configuration(machine.ConfigurationJson),
            Labels = machine.Labels.IsEmpty ? null : machine.Labels,
        };
    }

    private static JsonElement? Configuration(string json)
    {
        if (json.Length == 0)
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            return null; // an agent said it: what is no JSON is not shown
        }
    }
}
