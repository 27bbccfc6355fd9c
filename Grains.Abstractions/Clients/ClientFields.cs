using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace RPort.Grains.Abstractions;

/// <summary>The fields that clients can be filtered and sorted by, and the order of a sorted list.</summary>
public static class ClientFields
{
    /// <summary>In a filter: any field.</summary>
    public const string Any = "*";

    /// <summary>Value of the field <c>connection_state</c> while a session is alive.</summary>
    public const string Connected = "connected";

    /// <summary>Value of the field <c>connection_state</c> otherwise.</summary>
    public const string Disconnected = "disconnected";

    private static readonly FrozenDictionary<string, ClientField> ByName = Table().ToFrozenDictionary(field => field.Name);

    /// <summary>All fields, by name.</summary>
    public static ImmutableArray<ClientField> All { get; } = [.. ByName.Values.OrderBy(field => field.Name, StringComparer.Ordinal)];

    /// <summary>The field of this name; names are compared exactly.</summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out ClientField? field) => ByName.TryGetValue(name, out field);

    /// <summary>
    /// The order that <paramref name="sorts"/> ask for, with the id as the last key so that it is total and every shard and the caller that
    /// merges them agree.
    /// </summary>
    /// <exception cref="ArgumentException">A sort names no field.</exception>
    public static IComparer<ClientRecord> Order(ImmutableArray<ClientSort> sorts)
    {
        var keys = new (ClientField Field, bool Descending)[sorts.Length];
        for (int i = 0; i < sorts.Length; i++)
        {
            keys[i] = TryFind(sorts[i].Field, out ClientField? field)
                ? (field, sorts[i].Descending)
                : throw new ArgumentException($"There is no client field '{sorts[i].Field}' to sort by.", nameof(sorts));
        }

        return Comparer<ClientRecord>.Create((left, right) =>
        {
            foreach ((ClientField field, bool descending) in keys)
            {
                int order = field.Compare(left, right);
                if (order != 0)
                {
                    return descending ? -order : order;
                }
            }

            return left.Id.CompareTo(right.Id);
        });
    }

    private static IEnumerable<ClientField> Table() =>
    [
        new("id", r => r.Id.Value),
        new("name", r => r.Inventory.Name),
        new("hostname", r => r.Inventory.Hostname),
        new("os", r => r.Inventory.Os),
        new("os_full_name", r => r.Inventory.OsFullName),
        new("os_version", r => r.Inventory.OsVersion),
        new("os_arch", r => r.Inventory.OsArch),
        new("os_family", r => r.Inventory.OsFamily),
        new("os_kernel", r => r.Inventory.OsKernel),
        new("os_virtualization_system", r => r.Inventory.OsVirtualizationSystem),
        new("os_virtualization_role", r => r.Inventory.OsVirtualizationRole),
        new("cpu_family", r => r.Inventory.CpuFamily),
        new("cpu_model", r => r.Inventory.CpuModel),
        new("cpu_model_name", r => r.Inventory.CpuModelName),
        new("cpu_vendor", r => r.Inventory.CpuVendor),
        new("num_cpus", r => (long)r.Inventory.NumCpus),
        new("mem_total", r => r.Inventory.MemoryTotal),
        new("timezone", r => r.Inventory.Timezone),
        new("version", r => r.Inventory.Version),
        new("address", r => r.Address),
        new("client_auth_id", r => r.ClientAuthId),
        new("connection_state", r => r.Connected ? Connected : Disconnected),
        new("ipv4", r => r.Inventory.IPv4),
        new("ipv6", r => r.Inventory.IPv6),
        new("tags", r => r.Inventory.Tags),
        new("labels", r => [.. r.Inventory.Labels.Select(label => $"{label.Key}: {label.Value}")]),
        new("allowed_user_groups", r => r.AllowedUserGroups),
    ];
}
