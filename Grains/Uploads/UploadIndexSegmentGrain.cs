using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>Keeps a stretch of the list.</summary>
internal sealed class UploadIndexSegmentGrain([PersistentState("segment")] IPersistentState<UploadIndexSegmentState> store) : Grain, IUploadIndexSegmentGrain
{
    public Task<UploadIndexSegmentState> GetAsync() => Task.FromResult(store.State);

    public Task AppendAsync(ImmutableArray<UploadId> uploads) => ChangeAsync(() =>
    {
        store.State = store.State with { Uploads = [.. store.State.Uploads.Union(uploads)] };
        return store.WriteStateAsync();
    });

    public Task ForgetAsync(ImmutableArray<UploadId> uploads) => ChangeAsync(() =>
    {
        ImmutableArray<UploadId> left = [.. store.State.Uploads.Except(uploads)];
        store.State = new UploadIndexSegmentState { Uploads = left, Forgotten = store.State.Forgotten + store.State.Uploads.Length - left.Length };
        return store.WriteStateAsync();
    });

    public Task ClearAsync() => ChangeAsync(() => store.ClearStateAsync());

    private async Task ChangeAsync(Func<Task> change)
    {
        try
        {
            await change();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }
}

/// <summary>The stored form of a stretch.</summary>
[GenerateSerializer, Immutable]
internal sealed record UploadIndexSegmentState
{
    [Id(0)] public ImmutableArray<UploadId> Uploads { get; init; } = [];

    /// <summary>How many more there were.</summary>
    [Id(1)] public int Forgotten { get; init; }

    /// <summary>How many places are taken.</summary>
    public int Length => Uploads.Length + Forgotten;
}
