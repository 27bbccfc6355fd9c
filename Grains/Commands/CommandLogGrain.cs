using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Commands;

/// <summary>Keeps the list of a client's commands. What leaves it is first forgotten by its own grain, so that one cut off in between is found again.</summary>
internal sealed class CommandLogGrain([PersistentState("commands")] IPersistentState<CommandLogState> store) : Grain, ICommandLogGrain
{
    public async Task AddAsync(JobId job)
    {
        ImmutableArray<JobId> jobs = store.State.Jobs;
        if (jobs.Contains(job))
        {
            return;
        }

        int excess = Math.Max(0, jobs.Length + 1 - CommandLimits.MaxKept);
        await ForgetAsync(jobs.Take(excess));
        store.State = new CommandLogState { Jobs = [.. jobs.Skip(excess), job] };
        await TryAsync(store.WriteStateAsync);
    }

    public Task<CommandPage> ListAsync(int offset, int limit) =>
        Task.FromResult(new CommandPage(store.State.Jobs.Length, [.. store.State.Jobs.Reverse().Skip(offset).Take(limit)]));

    public async Task ClearAsync()
    {
        if (store.State.Jobs.Length > 0)
        {
            await ForgetAsync(store.State.Jobs);
            await TryAsync(store.ClearStateAsync);
        }

        DeactivateOnIdle();
    }

    private Task ForgetAsync(IEnumerable<JobId> jobs)
    {
        ClientId client = new(this.GetPrimaryKeyString());
        return Task.WhenAll(jobs.Select(job => GrainFactory.GetGrain<ICommandGrain>(ICommandGrain.KeyOf(client, job)).ForgetAsync()));
    }

    private async Task TryAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }
}

/// <summary>The stored form of the list.</summary>
[GenerateSerializer, Immutable]
internal sealed record CommandLogState
{
    /// <summary>Oldest first.</summary>
    [Id(0)] public ImmutableArray<JobId> Jobs { get; init; } = [];
}
