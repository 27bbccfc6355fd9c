using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Orleans.Runtime;
using Orleans.Storage;

namespace RPort.Contract;

/// <summary>A storage provider of our own, as the product has one, that fails when told to.</summary>
public sealed class FaultyStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<string, (string Json, string Etag)> _records = new();
    private readonly ConcurrentDictionary<string, Exception> _failNextWrite = new();
    private readonly ConcurrentDictionary<string, Exception> _failNextRead = new();
    private int _etag;

    public int Writes { get; private set; }

    public void FailNextWrite(string grainKey, Exception exception) => _failNextWrite[grainKey] = exception;

    public void FailNextRead(string grainKey, Exception exception) => _failNextRead[grainKey] = exception;

    /// <summary>Changes the record behind the grain's back.</summary>
    public void Meddle(string grainKey)
    {
        string key = _records.Keys.Single(candidate => candidate.EndsWith("/" + grainKey, StringComparison.Ordinal));
        _records[key] = _records[key] with { Etag = NextEtag() };
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_failNextRead.TryRemove(grainId.Key.ToString()!, out Exception? failure))
        {
            throw failure;
        }

        if (_records.TryGetValue(KeyOf(stateName, grainId), out (string Json, string Etag) record))
        {
            grainState.State = JsonSerializer.Deserialize<T>(record.Json);
            grainState.ETag = record.Etag;
            grainState.RecordExists = true;
        }
        else
        {
            SetAbsent(grainState);
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_failNextWrite.TryRemove(grainId.Key.ToString()!, out Exception? failure))
        {
            throw failure;
        }

        ThrowOnConflict(stateName, grainId, grainState.ETag);
        string etag = NextEtag();
        _records[KeyOf(stateName, grainId)] = (JsonSerializer.Serialize(grainState.State), etag);
        grainState.ETag = etag;
        grainState.RecordExists = true;
        Writes++;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ThrowOnConflict(stateName, grainId, grainState.ETag);
        _records.TryRemove(KeyOf(stateName, grainId), out _);
        SetAbsent(grainState);
        return Task.CompletedTask;
    }

    private static string KeyOf(string stateName, GrainId grainId) => $"{stateName}/{grainId}";

    private static void SetAbsent<T>(IGrainState<T> grainState)
    {
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private void ThrowOnConflict(string stateName, GrainId grainId, string? held)
    {
        string? stored = _records.TryGetValue(KeyOf(stateName, grainId), out (string Json, string Etag) record) ? record.Etag : null;
        if (stored != held)
        {
            throw new InconsistentStateException("Somebody else has written.", stored, held);
        }
    }

    private string NextEtag() => Interlocked.Increment(ref _etag).ToString(CultureInfo.InvariantCulture);
}
