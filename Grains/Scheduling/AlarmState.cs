using System.Collections.Immutable;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Scheduling;

/// <summary>The alarms of one shard: when each unfinished push wants to be woken.</summary>
[GenerateSerializer]
internal sealed record AlarmState
{
    [Id(0)] public ImmutableDictionary<string, DateTimeOffset> Due { get; init; } = ImmutableDictionary<string, DateTimeOffset>.Empty;

    public AlarmState Set(UploadId upload, DateTimeOffset due) =>
        Due.TryGetValue(upload.Value, out DateTimeOffset present) && present == due ? this : this with { Due = Due.SetItem(upload.Value, due) };

    public AlarmState Clear(UploadId upload) => Due.ContainsKey(upload.Value) ? this with { Due = Due.Remove(upload.Value) } : this;
}
