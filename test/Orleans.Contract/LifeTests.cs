using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace RPort.Contract;

[Collection(SiloCollection.Name)]
public sealed class LifeTests(SharedSilo shared)
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    private TestSilo Silo => shared.Silo;

    [Fact]
    public async Task The_first_call_activates_and_later_ones_do_not()
    {
        ILifeGrain grain = Silo.Grains.GetGrain<ILifeGrain>(_key);
        await Task.WhenAll(grain.TouchAsync(), grain.TouchAsync()).WaitAsync(Journal.Patience);
        Assert.Equal(["activated", "touched", "touched"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_reference_alone_activates_nothing()
    {
        _ = Silo.Grains.GetGrain<ILifeGrain>(_key);
        await Silo.Grains.GetGrain<ILifeGrain>(_key + "-other").TouchAsync().WaitAsync(Journal.Patience);
        Assert.Empty(Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_failed_activation_is_the_callers_answer_and_the_next_call_tries_again()
    {
        ILifeGrain grain = Silo.Grains.GetGrain<ILifeGrain>(_key + "fail");
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => grain.TouchAsync().WaitAsync(Journal.Patience));
        Assert.Contains("cannot wake up", failure.ToString(), StringComparison.Ordinal);
        await grain.TouchAsync().WaitAsync(Journal.Patience);
        Assert.DoesNotContain("deactivated: ActivationFailed", Silo.Journal.Read(_key + "fail")); // it never was active
    }

    [Fact]
    public async Task A_grain_told_to_go_while_it_comes_is_made_anew_for_its_callers()
    {
        string key = _key + "reconsider";
        await Silo.Grains.GetGrain<ILifeGrain>(key).TouchAsync().WaitAsync(Journal.Patience);
        Assert.Equal(2, Silo.Journal.Read(key).Count(line => line == "activated"));
        Assert.Single(Silo.Journal.Read(key), line => line == "touched");
    }

    [Fact]
    public async Task A_constructor_that_throws_is_the_callers_answer()
    {
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(
            () => Silo.Grains.GetGrain<IBrokenGrain>(_key).TouchAsync().WaitAsync(Journal.Patience));
        Assert.Contains("cannot be made", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interface_that_no_class_implements_has_no_grains() =>
        Assert.Throws<ArgumentException>(() => Silo.Grains.GetGrain<INobodyGrain>(_key));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void A_key_is_not_empty(string key) => Assert.ThrowsAny<ArgumentException>(() => Silo.Grains.GetGrain<ILifeGrain>(key));

    [Fact]
    public async Task Keys_are_taken_as_they_are()
    {
        string key = $"{_key}/with slash + ünïcode";
        await Silo.Grains.GetGrain<ILifeGrain>(key).TouchAsync().WaitAsync(Journal.Patience);
        Assert.Equal(key, Silo.Grains.GetGrain<ILifeGrain>(key).GetPrimaryKeyString());
        Assert.Equal(["activated", "touched"], Silo.Journal.Read(key));
    }

    [Fact]
    public void References_to_one_grain_are_equal()
    {
        ILifeGrain one = Silo.Grains.GetGrain<ILifeGrain>(_key);
        Assert.Equal(one, Silo.Grains.GetGrain<ILifeGrain>(_key));
        Assert.NotEqual(one, Silo.Grains.GetGrain<ILifeGrain>(_key + "-other"));
        Assert.Equal(GrainId.Create("life", _key), one.GetGrainId());
    }

    [Fact]
    public async Task Deactivation_waits_for_the_running_call_and_holds_the_next_ones_back()
    {
        ILifeGrain grain = Silo.Grains.GetGrain<ILifeGrain>(_key);
        Task hold = grain.ForgetThenHoldAsync(_key);
        await Silo.Journal.WaitForAsync(_key, "hold begins");
        Task touch = grain.TouchAsync();
        Silo.Journal.Open(_key);
        await Task.WhenAll(hold, touch).WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "disposed");
        string[] lines = Silo.Journal.Read(_key);
        Assert.Equal(["activated", "hold begins", "hold ends", "deactivated: ApplicationRequested"], lines[..4]);
        Assert.Equal(["activated", "disposed", "touched"], lines[4..].Order());
    }

    [Fact]
    public async Task A_grain_that_fails_in_going_goes()
    {
        string key = _key + "grumble";
        ILifeGrain grain = Silo.Grains.GetGrain<ILifeGrain>(key);
        await grain.ForgetAsync().WaitAsync(Journal.Patience);
        await grain.TouchAsync().WaitAsync(Journal.Patience);
        Assert.Equal(2, Silo.Journal.Read(key).Count(line => line == "activated"));
    }

    [Fact]
    public async Task An_idle_grain_goes_unless_it_asked_to_stay()
    {
        await using TestSilo silo = await StartWithShortIdleAsync();
        await silo.Grains.GetGrain<ILifeGrain>(_key + "-stays").StayAsync(TimeSpan.FromMinutes(5)).WaitAsync(Journal.Patience);
        await silo.Grains.GetGrain<ILifeGrain>(_key).TouchAsync().WaitAsync(Journal.Patience);
        await silo.Journal.WaitForAsync(_key, "deactivated: ActivationIdle");
        await silo.Grains.GetGrain<ILifeGrain>(_key + "-stays").TouchAsync().WaitAsync(Journal.Patience);
        Assert.Equal(["activated", "touched"], silo.Journal.Read(_key + "-stays"));
    }

    [Fact]
    public async Task A_busy_grain_is_not_idle()
    {
        await using TestSilo silo = await StartWithShortIdleAsync();
        Task hold = silo.Grains.GetGrain<ITurnGrain>(_key).HoldAsync(_key);
        await silo.Grains.GetGrain<ILifeGrain>(_key).TouchAsync().WaitAsync(Journal.Patience);
        await silo.Journal.WaitForAsync(_key, "deactivated: ActivationIdle"); // the other grain of that key, which is idle
        silo.Journal.Open(_key);
        await hold.WaitAsync(Journal.Patience);
    }

    [Fact]
    public async Task Stopping_the_silo_deactivates_its_grains_and_refuses_calls()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        string[] keys = [.. Enumerable.Range(0, 100).Select(i => $"{_key}-{i}")];
        await Task.WhenAll(keys.Select(key => silo.Grains.GetGrain<ILifeGrain>(key).TouchAsync())).WaitAsync(Journal.Patience);
        ILifeGrain grain = silo.Grains.GetGrain<ILifeGrain>(keys[0]);
        await silo.StopAsync().WaitAsync(Journal.Patience);
        foreach (string key in keys)
        {
            Assert.Equal(["activated", "touched", "deactivated: ShuttingDown", "disposed"], silo.Journal.Read(key));
        }

        await Assert.ThrowsAnyAsync<Exception>(() => grain.TouchAsync().WaitAsync(Journal.Patience));
    }

    private static Task<TestSilo> StartWithShortIdleAsync() => TestSilo.StartAsync(builder => builder.Configure<GrainCollectionOptions>(options =>
    {
        options.CollectionQuantum = TimeSpan.FromSeconds(0.5);
        options.CollectionAge = TimeSpan.FromSeconds(1);
    }));
}
