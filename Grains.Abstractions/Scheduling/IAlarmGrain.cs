using System.Globalization;
using Orleans;

namespace RPort.Grains.Abstractions;

/// <summary>
/// One shard of the durable alarm list: which pushes are unfinished and when each wants to be woken. Key: the shard's number. Every silo
/// ticks all shards on a heartbeat; that is what makes unfinished work go on after a restart.
/// </summary>
[Alias("rport.IAlarmGrain")]
public interface IAlarmGrain : IGrainWithStringKey
{
    /// <summary>Sets (or moves) the alarm of a push. Durable before it answers.</summary>
    Task SetAsync(UploadId upload, DateTimeOffset due);

    /// <summary>Removes the alarm of a push.</summary>
    Task ClearAsync(UploadId upload);

    /// <summary>Wakes what is due; the first tick of an activation wakes everything, since nobody knows what a crash has cut off.</summary>
    Task TickAsync();
}

/// <summary>Which alarm shard serves which push. The number of shards is part of the stored data's layout: never change it.</summary>
public static class AlarmShards
{
    /// <summary>How many shards there are.</summary>
    public const int Count = 8;

    /// <summary>The grain keys of all shards.</summary>
    public static IEnumerable<string> Keys => Enumerable.Range(0, Count).Select(n => n.ToString(CultureInfo.InvariantCulture));

    /// <summary>The grain key of the shard that serves this push.</summary>
    public static string KeyOf(UploadId upload) => StableHash.Shard(upload.Value, Count);
}
