using System.Globalization;

namespace RPort.Grains.Abstractions;

/// <summary>Which directory shard holds which client. The number of shards is part of the stored data's layout: never change it.</summary>
public static class ClientDirectoryShards
{
    /// <summary>How many shards there are.</summary>
    public const int Count = 16;

    /// <summary>The grain keys of all shards.</summary>
    public static IEnumerable<string> Keys => Enumerable.Range(0, Count).Select(n => n.ToString(CultureInfo.InvariantCulture));

    /// <summary>The grain key of the shard that holds this client.</summary>
    public static string KeyOf(ClientId client) => StableHash.Shard(client.Value, Count);
}
