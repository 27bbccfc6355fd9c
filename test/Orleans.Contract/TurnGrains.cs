using Orleans.Concurrency;

namespace RPort.Contract;

public interface ITurnGrain : IGrainWithStringKey
{
    Task<int> AddAsync(int value);

    Task<string> HoldAsync(string gate);

    Task<string> QuickAsync(string name);

    [AlwaysInterleave]
    Task<string> BesideAsync(string name);

    [AlwaysInterleave]
    Task<string> HoldBesideAsync(string gate);

    [ReadOnly]
    Task<string> LookAsync(string name, string? gate);

    Task<bool> StaysOnSchedulerAsync();

    Task<int> CountUnguardedAsync();

    Task CallSelfAsync();

    Task<string> CallOtherAsync(string key, string gate);
}

public sealed class TurnGrain(Journal journal) : Grain, ITurnGrain
{
    private int _sum;
    private int _unguarded;

    private string Key => this.GetPrimaryKeyString();

    public Task<int> AddAsync(int value)
    {
        journal.Write(Key, $"add {value}");
        return Task.FromResult(_sum += value);
    }

    public async Task<string> HoldAsync(string gate)
    {
        journal.Write(Key, "hold begins");
        await journal.GateAsync(gate);
        journal.Write(Key, "hold ends");
        return "held";
    }

    public Task<string> QuickAsync(string name)
    {
        journal.Write(Key, name);
        return Task.FromResult(name);
    }

    public Task<string> BesideAsync(string name) => QuickAsync(name);

    public async Task<string> HoldBesideAsync(string gate)
    {
        journal.Write(Key, "beside begins");
        await journal.GateAsync(gate);
        journal.Write(Key, "beside ends");
        return "held beside";
    }

    public async Task<string> LookAsync(string name, string? gate)
    {
        journal.Write(Key, $"{name} begins");
        if (gate is not null)
        {
            await journal.GateAsync(gate);
        }

        journal.Write(Key, $"{name} ends");
        return name;
    }

    public async Task<bool> StaysOnSchedulerAsync()
    {
        TaskScheduler own = TaskScheduler.Current;
        bool stays = own != TaskScheduler.Default;
        await Task.Yield();
        stays &= TaskScheduler.Current == own;
        await Task.Run(() => stays &= TaskScheduler.Current == TaskScheduler.Default);
        return stays & TaskScheduler.Current == own;
    }

    public async Task<int> CountUnguardedAsync()
    {
        int seen = _unguarded;
        await Task.Yield();
        _unguarded = seen + 1;
        return _unguarded;
    }

    public Task CallSelfAsync() => GrainFactory.GetGrain<ITurnGrain>(Key).QuickAsync("self");

    public async Task<string> CallOtherAsync(string key, string gate)
    {
        journal.Write(Key, "calls other");
        return await GrainFactory.GetGrain<ITurnGrain>(key).HoldAsync(gate);
    }
}

public interface IReentrantGrain : IGrainWithStringKey
{
    Task HoldAsync(string gate);

    Task QuickAsync();

    Task<int> CallSelfAsync(int depth);
}

[Reentrant]
public sealed class ReentrantGrain(Journal journal) : Grain, IReentrantGrain
{
    public async Task HoldAsync(string gate)
    {
        journal.Write(this.GetPrimaryKeyString(), "hold begins");
        await journal.GateAsync(gate);
    }

    public Task QuickAsync() => Task.CompletedTask;

    public async Task<int> CallSelfAsync(int depth) =>
        depth == 0 ? 0 : 1 + await GrainFactory.GetGrain<IReentrantGrain>(this.GetPrimaryKeyString()).CallSelfAsync(depth - 1);
}
