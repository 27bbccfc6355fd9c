using System.Collections.Immutable;
using Orleans;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>Keeps a stretch of the list.</summary>
internal sealed class UploadIndexSegmentGrain([PersistentState("segment")] IPersistentState<UploadIndexSegmentState> store) : Grain, IUploadIndexSegmentGrain
{
    public Task<ImmutableArray<UploadId>> GetAsync() => Task.FromResult(store.State.Uploads);

    public async Task AppendAsync(ImmutableArray<UploadId> uploads)
    {
        store.State = store.State with { Uploads = [.. store.State.Uploads.Union(uploads)] };
        try
        {
            await store.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }
}

/// <summary>The stored form of a stretch.</summary>
[GenerateSerializer]
internal sealed record UploadIndexSegmentState
{
    [Id(0)] public ImmutableArray<UploadId> Uploads { get; init; } = [];
}
