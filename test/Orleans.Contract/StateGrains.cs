using Orleans.Runtime;

namespace RPort.Contract;

public sealed class TallyState
{
    public int Value { get; set; }

    public List<string> Lines { get; set; } = [];
}

[GenerateSerializer]
[Immutable]
public sealed record TallyView([property: Id(0)] int Value, [property: Id(1)] bool Exists, [property: Id(2)] string? Etag);

public interface ITallyGrain : IGrainWithStringKey
{
    Task<int> AddAsync(int value);

    Task<TallyView> GetAsync();

    Task ClearAsync();

    Task RereadAsync();

    Task ForgetAsync();

    Task<int> SetWithoutWritingAsync(int value);

    Task<int> WriteTwiceAtOnceAsync();
}

/// <summary>Keeps its state as the product's grains do: a write that fails makes it forget itself.</summary>
public sealed class TallyGrain([PersistentState("tally", "faulty")] IPersistentState<TallyState> store, Journal journal) : Grain, ITallyGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        journal.Write(this.GetPrimaryKeyString(), $"activated with {store.State.Value}");
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        journal.Write(this.GetPrimaryKeyString(), $"deactivated: {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public async Task<int> AddAsync(int value)
    {
        store.State.Value += value;
        try
        {
            await store.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle(); // it may or may not have landed
            throw;
        }

        return store.State.Value;
    }

    public Task<TallyView> GetAsync() => Task.FromResult(new TallyView(store.State.Value, store.RecordExists, store.Etag));

    public Task ClearAsync() => store.ClearStateAsync();

    public Task RereadAsync() => store.ReadStateAsync();

    public Task ForgetAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<int> SetWithoutWritingAsync(int value) => Task.FromResult(store.State.Value = value);

    public async Task<int> WriteTwiceAtOnceAsync()
    {
        store.State.Value = 1;
        Task first = store.WriteStateAsync();
        store.State.Value = 2;
        Task second = store.WriteStateAsync();
        await Task.WhenAll(first, second);
        return store.State.Value;
    }
}

public interface ICarelessGrain : IGrainWithStringKey
{
    Task<int> AddAsync(int value);
}

/// <summary>Lets storage exceptions escape, and keeps two states, one of them in the default storage.</summary>
public sealed class CarelessGrain(
    [PersistentState("careless", "faulty")] IPersistentState<TallyState> store,
    [PersistentState("other")] IPersistentState<TallyState> other,
    Journal journal) : Grain, ICarelessGrain
{
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        journal.Write(this.GetPrimaryKeyString(), $"deactivated: {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public async Task<int> AddAsync(int value)
    {
        store.State.Value += value;
        await store.WriteStateAsync();
        other.State.Lines.Add($"{value}");
        await other.WriteStateAsync();
        return store.State.Value;
    }
}
