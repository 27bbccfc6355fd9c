using System.Globalization;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace RPort.Silo.Storage;

/// <summary>Grain state in a SQLite file.</summary>
internal sealed class SqliteGrainStorage(SqliteStore store, IGrainStorageSerializer serializer) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (store.Read(Key(stateName, grainId)) is { } found)
        {
            grainState.State = serializer.Deserialize<T>(new BinaryData(found.Payload));
            grainState.ETag = Text(found.Etag);
            grainState.RecordExists = true;
        }
        else
        {
            Empty(grainState);
        }

        return Task.CompletedTask;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        // Serialized before the first await: what the grain does to its state afterwards is not part of this write.
        ReadOnlyMemory<byte> payload = serializer.Serialize(grainState.State).ToMemory();
        long etag = await ChangeAsync(stateName, grainId, payload, grainState.ETag);
        grainState.ETag = Text(etag);
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await ChangeAsync(stateName, grainId, null, grainState.ETag);
        Empty(grainState);
    }

    private async Task<long> ChangeAsync(string stateName, GrainId grainId, ReadOnlyMemory<byte>? payload, string? etag)
    {
        long? expected = string.IsNullOrEmpty(etag) ? null : long.Parse(etag, CultureInfo.InvariantCulture);
        StateWriteResult result = await store.WriteAsync(new StateWrite(Key(stateName, grainId), payload, expected));
        return result.Written
            ? result.Etag
            : throw new InconsistentStateException(
                $"State '{stateName}' of grain '{grainId}' was changed by another activation.", result.Etag == 0 ? null : Text(result.Etag), etag);
    }

    private static void Empty<T>(IGrainState<T> grainState)
    {
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private static StateKey Key(string stateName, GrainId grainId) => new(stateName, grainId.ToString());

    private static string Text(long etag) => etag.ToString(CultureInfo.InvariantCulture);
}
