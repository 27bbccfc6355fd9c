using System.Collections.Immutable;
using System.Text.Json;
using RPort.Grains.Abstractions;
using RPort.Protocol;

namespace RPort.Gateway.Agents.Registration;

/// <summary>Makes an inventory of what an agent sent: without credentials, without control characters, and with every length bounded.</summary>
internal static class InventoryReader
{
    private const int MaxText = 1024;
    private const int MaxName = 256;
    private const int MaxItems = 256;

    /// <summary>The inventory.</summary>
    /// <param name="request">What the agent sent.</param>
    /// <param name="authId">The name of the credential it logged in with.</param>
    public static ClientInventory Read(ConnectionRequest request, string authId) => new()
    {
        Name = Text(request.Name, MaxName) is { Length: > 0 } name ? name : Text(request.Hostname, MaxName),
        Hostname = Text(request.Hostname, MaxName),
        Os = Text(request.Os),
        OsFullName = Text(request.OsFullName),
        OsVersion = Text(request.OsVersion),
        OsArch = Text(request.OsArch),
        OsFamily = Text(request.OsFamily),
        OsKernel = Text(request.OsKernel),
        OsVirtualizationSystem = Text(request.OsVirtualizationSystem),
        OsVirtualizationRole = Text(request.OsVirtualizationRole),
        NumCpus = Math.Max(0, request.NumCpus),
        CpuFamily = Text(request.CpuFamily),
        CpuModel = Text(request.CpuModel),
        CpuModelName = Text(request.CpuModelName),
        CpuVendor = Text(request.CpuVendor),
        MemoryTotal = Math.Max(0, request.MemoryTotal),
        Timezone = Text(request.Timezone),
        Version = Text(request.Version),
        IPv4 = List(request.IPv4),
        IPv6 = List(request.IPv6),
        Tags = List(request.Tags),
        Labels = Labels(request.Labels),
        ConfigurationJson = ConfigurationMask.Apply(request.ClientConfiguration, authId),
        FileReceptionEnabled = IsFileReceptionEnabled(request.ClientConfiguration),
        Features = List(request.Features),
    };

    private static string Text(string? text, int max = MaxText)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        string cut = text.Length <= max ? text : text[..max];
        return cut.Any(char.IsControl) ? string.Concat(cut.Where(static c => !char.IsControl(c))) : cut;
    }

    private static ImmutableArray<string> List(IReadOnlyList<string>? items) =>
        items is null ? [] : [.. items.Take(MaxItems).Select(static s => Text(s)).Where(static s => s.Length > 0)];

    private static ImmutableSortedDictionary<string, string> Labels(IReadOnlyDictionary<string, string>? labels) =>
        labels is null
            ? ImmutableSortedDictionary<string, string>.Empty
            : labels.Take(MaxItems)
                .Select(static l => KeyValuePair.Create(Text(l.Key, MaxName), Text(l.Value)))
                .Where(static l => l.Key.Length > 0)
                .DistinctBy(static l => l.Key)
                .ToImmutableSortedDictionary(StringComparer.Ordinal);

    // Agents that do not say so take files: that is the existing agent's default.
    private static bool IsFileReceptionEnabled(JsonElement? configuration) =>
        !(configuration is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("file_reception", out JsonElement section)
            && section.ValueKind == JsonValueKind.Object
            && section.TryGetProperty("enabled", out JsonElement enabled)
            && enabled.ValueKind == JsonValueKind.False);
}
