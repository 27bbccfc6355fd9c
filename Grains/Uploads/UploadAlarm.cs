using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>The alarm of one push. Knows how it was last set, so that it is moved only when that changes.</summary>
internal sealed class UploadAlarm(UploadId id, IGrainFactory grains)
{
    private bool _isKnown; // false: some earlier activation may have set it
    private DateTimeOffset? _due;

    /// <summary>The alarm is known to be gone: nothing wakes the push any more.</summary>
    public bool IsCleared => _isKnown && _due is null;

    /// <summary>Sets the alarm; null takes it away.</summary>
    public async Task MoveAsync(DateTimeOffset? due)
    {
        if (_isKnown && _due == due)
        {
            return;
        }

        IAlarmGrain shard = grains.GetGrain<IAlarmGrain>(AlarmShards.KeyOf(id));
        await (due is { } at ? shard.SetAsync(id, at) : shard.ClearAsync(id));
        (_isKnown, _due) = (true, due);
    }
}
