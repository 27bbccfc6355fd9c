using System.Globalization;
using System.Text;

namespace RPort.Grains.Abstractions;

/// <summary>Spreads ids over shards the same way in every process: FNV-1a over UTF-8, since string hash codes differ per process.</summary>
internal static class StableHash
{
    /// <summary>The number of the shard, as a grain key.</summary>
    public static string Shard(string id, int shards)
    {
        uint hash = 2166136261;
        foreach (byte b in Encoding.UTF8.GetBytes(id))
        {
            hash = (hash ^ b) * 16777619;
        }

        return (hash % (uint)shards).ToString(CultureInfo.InvariantCulture);
    }
}
