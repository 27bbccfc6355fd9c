using Orleans;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Commands;

/// <summary>Keeps one command.</summary>
internal sealed class CommandGrain([PersistentState("command")] IPersistentState<CommandState> store, TimeProvider clock) : Grain, ICommandGrain
{
    private DateTimeOffset Now => clock.GetUtcNow();

    public async Task CreateAsync(CommandRequest request)
    {
        // The list first: what stands there and was never made is left out of it, what was made and stood nowhere would be kept for ever.
        await GrainFactory.GetGrain<ICommandLogGrain>(request.Client.Value).AddAsync(request.Job);
        if (store.State.Request is null)
        {
            await KeepAsync(CommandState.Create(request, Now));
        }
    }

    public Task StartedAsync(int? pid, DateTimeOffset? startedAt) => KeepAsync(store.State.Started(pid, startedAt));

    public Task RefusedAsync(string error) => KeepAsync(store.State.Refused(error, Now));

    public async Task<bool> FinishAsync(CommandReport report)
    {
        await KeepAsync(store.State.Finish(report, Now));
        return store.State.Request is not null;
    }

    public Task<CommandView?> GetAsync() => Task.FromResult(store.State.View(Now));

    public Task<CommandOutput?> GetOutputAsync() => Task.FromResult(store.State.Output);

    public Task<CommandSummary?> GetSummaryAsync() => Task.FromResult(store.State.View(Now) is { } view
        ? new CommandSummary(view.Request.Job, view.Status, view.FinishedAt, store.State.Output?.Summary ?? "")
        : null);

    public async Task ForgetAsync()
    {
        if (store.State.Request is not null)
        {
            await TryAsync(store.ClearStateAsync);
        }

        DeactivateOnIdle();
    }

    private async Task KeepAsync(CommandState next)
    {
        if (!ReferenceEquals(next, store.State))
        {
            store.State = next;
            await TryAsync(store.WriteStateAsync);
        }
    }

    private async Task TryAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch
        {
            DeactivateOnIdle(); // it may or may not have landed: the next call reads it again
            throw;
        }
    }
}
