using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace RPort.Grains.Tests.Kit;

/// <summary>Real storage that fails when told to: before the write, or after it (the change has landed, and nobody knows).</summary>
internal sealed class FaultyStorage(IGrainStorage inner) : IGrainStorage
{
    private int _writes;

    /// <summary>All writes fail, and nothing is written.</summary>
    public volatile bool Fails = false;

    /// <summary>All writes land and fail.</summary>
    public volatile bool FailsAfterwards = false;

    /// <summary>Limits the failures to grains whose id contains this.</summary>
    public volatile string Only = "";

    /// <summary>Writes that were begun.</summary>
    public int Writes => _writes;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ReadStateAsync(stateName, grainId, grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Change(grainId, () => inner.WriteStateAsync(stateName, grainId, grainState));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Change(grainId, () => inner.ClearStateAsync(stateName, grainId, grainState));

    private async Task Change(GrainId grainId, Func<Task> change)
    {
        Interlocked.Increment(ref _writes);
        bool meant = grainId.ToString().Contains(Only, StringComparison.Ordinal);
        if (Fails && meant)
        {
            throw new IOException("The disk is gone.");
        }

        await change();
        if (FailsAfterwards && meant)
        {
            throw new IOException("The disk went away while it answered.");
        }
    }
}
