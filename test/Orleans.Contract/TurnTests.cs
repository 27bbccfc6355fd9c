using Orleans.Configuration;
using Orleans.Hosting;

namespace RPort.Contract;

[Collection(SiloCollection.Name)]
public sealed class TurnTests(SharedSilo shared)
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    private TestSilo Silo => shared.Silo;

    private ITurnGrain Grain => Silo.Grains.GetGrain<ITurnGrain>(_key);

    [Fact]
    public async Task Calls_of_one_caller_to_a_grain_that_is_up_arrive_in_order()
    {
        ITurnGrain grain = Grain;
        await grain.AddAsync(0); // calls that wait for an activation are let go all at once, in any order
        Task<int>[] calls = [.. Enumerable.Range(1, 500).Select(grain.AddAsync)];
        await Task.WhenAll(calls).WaitAsync(Journal.Patience);
        Assert.Equal(Enumerable.Range(0, 501).Select(value => $"add {value}"), Silo.Journal.Read(_key));
        Assert.Equal(500 * 501 / 2, await calls[^1]);
    }

    [Fact]
    public async Task A_second_call_waits_while_the_first_awaits()
    {
        Task<string> hold = Grain.HoldAsync(_key);
        await Silo.Journal.WaitForAsync(_key, "hold begins");
        Task<string> quick = Grain.QuickAsync("quick");
        Assert.Equal("beside", await Grain.BesideAsync("beside").WaitAsync(Journal.Patience)); // the queue has been looked at since
        Assert.False(quick.IsCompleted);
        Silo.Journal.Open(_key);
        await Task.WhenAll(hold, quick).WaitAsync(Journal.Patience);
        Assert.Equal(["hold begins", "beside", "hold ends", "quick"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_long_interleaving_call_holds_up_no_other_and_is_not_held_up()
    {
        string beside = _key + "-beside";
        Task<string> waits = Grain.HoldBesideAsync(beside);
        await Silo.Journal.WaitForAsync(_key, "beside begins");
        Assert.Equal("quick", await Grain.QuickAsync("quick").WaitAsync(Journal.Patience));
        Task<string> hold = Grain.HoldAsync(_key);
        await Silo.Journal.WaitForAsync(_key, "hold begins");
        Assert.False(waits.IsCompleted);

        Silo.Journal.Open(beside); // while the other one still runs
        Assert.Equal("held beside", await waits.WaitAsync(Journal.Patience));
        Assert.False(hold.IsCompleted);
        Silo.Journal.Open(_key);
        await hold.WaitAsync(Journal.Patience);
        Assert.Equal(["beside begins", "quick", "hold begins", "beside ends", "hold ends"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task Interleaving_calls_run_beside_each_other()
    {
        string[] gates = [.. Enumerable.Range(0, 50).Select(i => $"{_key}-{i}")];
        Task<string>[] waits = [.. gates.Select(Grain.HoldBesideAsync)];
        await Silo.Journal.WaitForAsync(_key, "beside begins", gates.Length);
        foreach (string gate in gates)
        {
            Silo.Journal.Open(gate);
        }

        await Task.WhenAll(waits).WaitAsync(Journal.Patience);
        Assert.Equal(gates.Length, Silo.Journal.Read(_key).Count(line => line == "beside ends"));
    }

    [Fact]
    public async Task Read_only_calls_run_beside_each_other()
    {
        Task<string> first = Grain.LookAsync("first", _key);
        await Silo.Journal.WaitForAsync(_key, "first begins");
        await Grain.LookAsync("second", null).WaitAsync(Journal.Patience);
        Assert.False(first.IsCompleted);
        Silo.Journal.Open(_key);
        await first.WaitAsync(Journal.Patience);
        Assert.Equal(["first begins", "second begins", "second ends", "first ends"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_read_only_call_waits_for_one_that_is_not()
    {
        Task<string> hold = Grain.HoldAsync(_key);
        await Silo.Journal.WaitForAsync(_key, "hold begins");
        Task<string> look = Grain.LookAsync("look", null);
        await Grain.BesideAsync("beside").WaitAsync(Journal.Patience);
        Silo.Journal.Open(_key);
        await Task.WhenAll(hold, look).WaitAsync(Journal.Patience);
        Assert.Equal(["hold begins", "beside", "hold ends", "look begins", "look ends"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_call_that_is_not_read_only_waits_for_one_that_is()
    {
        Task<string> look = Grain.LookAsync("look", _key);
        await Silo.Journal.WaitForAsync(_key, "look begins");
        Task<string> quick = Grain.QuickAsync("quick");
        await Grain.BesideAsync("beside").WaitAsync(Journal.Patience);
        Silo.Journal.Open(_key);
        await Task.WhenAll(look, quick).WaitAsync(Journal.Patience);
        Assert.Equal(["look begins", "beside", "look ends", "quick"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task Calls_of_a_reentrant_class_run_beside_each_other()
    {
        IReentrantGrain grain = Silo.Grains.GetGrain<IReentrantGrain>(_key);
        Task hold = grain.HoldAsync(_key);
        await Silo.Journal.WaitForAsync(_key, "hold begins");
        await grain.QuickAsync().WaitAsync(Journal.Patience);
        Assert.False(hold.IsCompleted);
        Silo.Journal.Open(_key);
        await hold.WaitAsync(Journal.Patience);
    }

    [Fact]
    public async Task A_reentrant_grain_may_call_itself() =>
        Assert.Equal(5, await Silo.Grains.GetGrain<IReentrantGrain>(_key).CallSelfAsync(5).WaitAsync(Journal.Patience));

    [Fact]
    public async Task An_await_comes_back_to_the_grains_scheduler() =>
        Assert.True(await Grain.StaysOnSchedulerAsync().WaitAsync(Journal.Patience));

    [Fact]
    public async Task Fields_need_no_lock_however_many_call()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                await Silo.Grains.GetGrain<ITurnGrain>(_key).CountUnguardedAsync();
            }
        }))).WaitAsync(Journal.Patience);
        Assert.Equal(1601, await Grain.CountUnguardedAsync());
    }

    [Fact]
    public async Task A_waiting_grain_does_not_hold_up_others()
    {
        string other = _key + "-other";
        Task<string> call = Grain.CallOtherAsync(other, _key);
        await Silo.Journal.WaitForAsync(other, "hold begins");
        Assert.Equal(1, await Silo.Grains.GetGrain<ITurnGrain>(_key + "-third").AddAsync(1).WaitAsync(Journal.Patience));
        Silo.Journal.Open(_key);
        Assert.Equal("held", await call.WaitAsync(Journal.Patience));
    }

    [Fact]
    public async Task A_grain_that_waits_for_itself_gets_a_timeout_and_lives_on()
    {
        await using TestSilo silo = await TestSilo.StartAsync(
            builder => builder.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(1)));
        ITurnGrain grain = silo.Grains.GetGrain<ITurnGrain>(_key);
        await Assert.ThrowsAsync<TimeoutException>(() => grain.CallSelfAsync().WaitAsync(Journal.Patience));
        Assert.Equal("after", await AnsweredAsync(() => grain.QuickAsync("after")));
        Assert.DoesNotContain("self", silo.Journal.Read(_key)); // whose caller gave up while it waited
    }

    [Fact]
    public async Task A_full_mailbox_refuses_calls()
    {
        await using TestSilo silo = await TestSilo.StartAsync(
            builder => builder.Configure<SiloMessagingOptions>(options => options.MaxEnqueuedRequestsHardLimit = 5));
        ITurnGrain grain = silo.Grains.GetGrain<ITurnGrain>(_key);
        Task<string> hold = grain.HoldAsync(_key);
        await silo.Journal.WaitForAsync(_key, "hold begins");
        Task<string>[] calls = [.. Enumerable.Range(0, 20).Select(i => grain.QuickAsync($"{i}"))];
        await Assert.ThrowsAsync<Orleans.Runtime.LimitExceededException>(() => calls[^1].WaitAsync(Journal.Patience));
        silo.Journal.Open(_key);
        await hold.WaitAsync(Journal.Patience);
        Assert.Equal("0", await calls[0].WaitAsync(Journal.Patience));
    }

    // The caller of a deadlocked grain may time out an instant before the grain itself does, and still finds it busy.
    private static async Task<string> AnsweredAsync(Func<Task<string>> call)
    {
        try
        {
            return await call().WaitAsync(Journal.Patience);
        }
        catch (TimeoutException)
        {
            return await call().WaitAsync(Journal.Patience);
        }
    }
}
