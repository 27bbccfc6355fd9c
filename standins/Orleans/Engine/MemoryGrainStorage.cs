using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Engine;

/// <summary>Grain state in memory, kept as bytes so that grains share no objects with their stored past.</summary>
internal sealed class MemoryGrainStorage(IGrainStorageSerializer serializer) : IGrainStorage
{
    private readonly ConcurrentDictionary<(string StateName, GrainId GrainId), Entry> _entries = new();
    private long _lastEtag;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_entries.TryGetValue((stateName, grainId), out Entry? entry))
        {
            T? stored = serializer.Deserialize<T>(entry.Content);
            grainState.State = stored ?? StateInstance.Create<T>();
            grainState.ETag = entry.Etag;
            grainState.RecordExists = stored is not null;
        }
        else
        {
            SetAbsent(grainState);
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var next = new Entry(serializer.Serialize(grainState.State), Interlocked.Increment(ref _lastEtag).ToString(CultureInfo.InvariantCulture));
        (string, GrainId) key = (stateName, grainId);
        bool written = _entries.TryGetValue(key, out Entry? current)
            ? current.Etag == grainState.ETag && _entries.TryUpdate(key, next, current)
            : grainState.ETag is null && _entries.TryAdd(key, next);
        if (!written)
        {
            throw Conflict("write", grainId, current?.Etag, grainState.ETag);
        }

        grainState.ETag = next.Etag;
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_entries.TryGetValue((stateName, grainId), out Entry? current)
            && (current.Etag != grainState.ETag || !_entries.TryRemove(new((stateName, grainId), current))))
        {
            throw Conflict("clear", grainId, current.Etag, grainState.ETag);
        }

        SetAbsent(grainState);
        return Task.CompletedTask;
    }

    private static void SetAbsent<T>(IGrainState<T> grainState)
    {
        grainState.State = StateInstance.Create<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private static InconsistentStateException Conflict(string operation, GrainId grainId, string? stored, string? held) =>
        new($"Version conflict ({operation}): grain {grainId} holds etag {held ?? "none"}, stored is {stored ?? "none"}.", stored, held);

    private sealed record Entry(BinaryData Content, string Etag);
}
