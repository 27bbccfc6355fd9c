using Orleans.Runtime;
using Orleans.Storage;

namespace RPort.Contract;

[Collection(SiloCollection.Name)]
public sealed class StateTests(SharedSilo shared)
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    private TestSilo Silo => shared.Silo;

    private ITallyGrain Grain => Silo.Grains.GetGrain<ITallyGrain>(_key);

    [Fact]
    public async Task A_grain_that_never_wrote_has_an_empty_state_and_no_record()
    {
        TallyView view = await Grain.GetAsync().WaitAsync(Journal.Patience);
        Assert.Equal(new TallyView(0, false, null), view);
    }

    [Fact]
    public async Task State_is_back_after_reactivation()
    {
        await Grain.AddAsync(3).WaitAsync(Journal.Patience);
        await Grain.ForgetAsync().WaitAsync(Journal.Patience);
        TallyView view = await Grain.GetAsync().WaitAsync(Journal.Patience);
        Assert.Equal(3, view.Value);
        Assert.True(view.Exists);
        Assert.NotNull(view.Etag);
        Assert.Equal(["activated with 0", "deactivated: ApplicationRequested", "activated with 3"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task State_outlives_the_silo_if_its_storage_does()
    {
        var storage = new FaultyStorage();
        await using (TestSilo first = await TestSilo.StartAsync(storage))
        {
            await first.Grains.GetGrain<ITallyGrain>(_key).AddAsync(7);
        }

        await using TestSilo second = await TestSilo.StartAsync(storage);
        Assert.Equal(7, (await second.Grains.GetGrain<ITallyGrain>(_key).GetAsync()).Value);
    }

    [Fact]
    public async Task A_grain_whose_write_failed_forgets_itself_and_rereads()
    {
        await Grain.AddAsync(1).WaitAsync(Journal.Patience);
        Silo.Storage.FailNextWrite(_key, new IOException("disk full"));
        OrleansException failure = await Assert.ThrowsAsync<OrleansException>(() => Grain.AddAsync(10).WaitAsync(Journal.Patience));
        Assert.IsType<IOException>(failure.InnerException);
        Assert.Equal(1, (await Grain.GetAsync().WaitAsync(Journal.Patience)).Value);
        Assert.Equal(3, await Grain.AddAsync(2).WaitAsync(Journal.Patience));
        Assert.Equal(["activated with 0", "deactivated: ApplicationRequested", "activated with 1"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task Calls_that_wait_behind_a_failed_write_go_to_the_next_activation_in_order()
    {
        await Grain.AddAsync(1).WaitAsync(Journal.Patience);
        Silo.Storage.FailNextWrite(_key, new IOException("disk full"));
        ITallyGrain grain = Grain;
        Task<int>[] calls = [.. Enumerable.Range(0, 50).Select(_ => grain.AddAsync(1))];
        await Assert.ThrowsAsync<OrleansException>(() => calls[0].WaitAsync(Journal.Patience));
        Assert.Equal(Enumerable.Range(2, 49), await Task.WhenAll(calls[1..]).WaitAsync(Journal.Patience));
    }

    [Fact]
    public async Task A_write_over_anothers_is_an_inconsistent_state()
    {
        await Grain.AddAsync(1).WaitAsync(Journal.Patience);
        Silo.Storage.Meddle(_key);
        InconsistentStateException conflict =
            await Assert.ThrowsAsync<InconsistentStateException>(() => Grain.AddAsync(1).WaitAsync(Journal.Patience));
        Assert.NotNull(conflict.StoredEtag);
        Assert.Equal(2, await Grain.AddAsync(1).WaitAsync(Journal.Patience));
    }

    [Fact]
    public async Task A_grain_that_lets_an_inconsistent_state_escape_is_deactivated()
    {
        ICarelessGrain grain = Silo.Grains.GetGrain<ICarelessGrain>(_key);
        await grain.AddAsync(1).WaitAsync(Journal.Patience);
        Silo.Storage.Meddle(_key);
        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.AddAsync(5).WaitAsync(Journal.Patience));
        Assert.Equal(3, await grain.AddAsync(2).WaitAsync(Journal.Patience));
        Assert.Equal(["deactivated: ApplicationError"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_grain_that_lets_another_failure_escape_lives_on()
    {
        ICarelessGrain grain = Silo.Grains.GetGrain<ICarelessGrain>(_key);
        Silo.Storage.FailNextWrite(_key, new IOException("disk full"));
        await Assert.ThrowsAsync<OrleansException>(() => grain.AddAsync(5).WaitAsync(Journal.Patience));
        Assert.Equal(7, await grain.AddAsync(2).WaitAsync(Journal.Patience));
        Assert.Empty(Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task Clearing_removes_the_record_and_empties_the_state()
    {
        await Grain.AddAsync(4).WaitAsync(Journal.Patience);
        await Grain.ClearAsync().WaitAsync(Journal.Patience);
        Assert.Equal(new TallyView(0, false, null), await Grain.GetAsync().WaitAsync(Journal.Patience));
        Assert.Equal(2, await Grain.AddAsync(2).WaitAsync(Journal.Patience));
    }

    [Fact]
    public async Task Reading_again_takes_back_what_was_not_written()
    {
        await Grain.AddAsync(1).WaitAsync(Journal.Patience);
        Assert.Equal(9, await Grain.SetWithoutWritingAsync(9).WaitAsync(Journal.Patience));
        await Grain.RereadAsync().WaitAsync(Journal.Patience);
        Assert.Equal(1, (await Grain.GetAsync().WaitAsync(Journal.Patience)).Value);
    }

    [Fact]
    public async Task Two_writes_asked_for_at_once_become_one()
    {
        int before = Silo.Storage.Writes;
        Assert.Equal(2, await Grain.WriteTwiceAtOnceAsync().WaitAsync(Journal.Patience));
        Assert.Equal(1, Silo.Storage.Writes - before);
    }

    [Fact]
    public async Task A_state_that_cannot_be_read_fails_the_call_and_the_next_one_tries_again()
    {
        Silo.Storage.FailNextRead(_key, new IOException("no disk"));
        Exception failure = await Assert.ThrowsAnyAsync<OrleansException>(() => Grain.GetAsync().WaitAsync(Journal.Patience));
        Assert.Contains("no disk", failure.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, (await Grain.GetAsync().WaitAsync(Journal.Patience)).Value);
    }
}
