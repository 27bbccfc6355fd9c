namespace RPort.Contract;

[Collection(SiloCollection.Name)]
public sealed class TimerTests(SharedSilo shared)
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(10);

    private readonly string _key = Guid.NewGuid().ToString("N");

    private TestSilo Silo => shared.Silo;

    private ITimerGrain Grain => Silo.Grains.GetGrain<ITimerGrain>(_key);

    [Fact]
    public async Task A_timer_ticks_again_and_again()
    {
        await Grain.StartAsync(Soon, Soon, interleave: false).WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "tick", times: 5);
        await Grain.StopAsync().WaitAsync(Journal.Patience);
    }

    [Fact]
    public async Task A_disposed_timer_ticks_no_more()
    {
        await Grain.StartAsync(Soon, Soon, interleave: false).WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "tick", times: 2);
        await Grain.StopAsync().WaitAsync(Journal.Patience);
        await OtherTimersTickAsync();
        Assert.Equal("stopped", Silo.Journal.Read(_key)[^1]);
    }

    [Fact]
    public async Task A_tick_is_a_turn_and_waits_for_the_running_call()
    {
        await Grain.StartAsync(Soon, Soon, interleave: false).WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "tick");
        Task hold = Grain.HoldAsync(_key);
        await Silo.Journal.WaitForAsync(_key, "hold begins");
        await OtherTimersTickAsync();
        Silo.Journal.Open(_key);
        await hold.WaitAsync(Journal.Patience);
        int ticks = Silo.Journal.Read(_key).Count(line => line == "tick");
        await Silo.Journal.WaitForAsync(_key, "tick", ticks + 1);
        await Grain.StopAsync().WaitAsync(Journal.Patience);
        Assert.DoesNotContain("tick beside a call", Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task A_call_waits_for_the_running_tick()
    {
        await Grain.StartWithGateAsync(_key, interleave: false).WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "tick begins");
        Task stop = Grain.StopAsync();
        await OtherTimersTickAsync();
        Assert.False(stop.IsCompleted);
        Silo.Journal.Open(_key);
        await stop.WaitAsync(Journal.Patience);
        Assert.Equal(["tick begins", "tick ends", "stopped"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task An_interleaving_timer_ticks_beside_a_call()
    {
        await Grain.StartAsync(Soon, Soon, interleave: true).WaitAsync(Journal.Patience);
        Task hold = Grain.HoldAsync(_key);
        await Silo.Journal.WaitForAsync(_key, "tick beside a call", times: 2);
        Silo.Journal.Open(_key);
        await hold.WaitAsync(Journal.Patience);
        await Grain.StopAsync().WaitAsync(Journal.Patience);
    }

    [Fact]
    public async Task A_tick_that_fails_does_not_end_the_timer()
    {
        await Grain.StartThatFailsAsync().WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "failing tick", times: 3);
        await Grain.StopAsync().WaitAsync(Journal.Patience);
    }

    [Fact]
    public async Task A_timer_can_be_set_anew()
    {
        await Grain.StartAsync(TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan, interleave: false).WaitAsync(Journal.Patience);
        await Grain.ChangeAsync(Soon).WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "tick");
    }

    [Fact]
    public async Task Timers_end_with_the_activation()
    {
        await Grain.StartAsync(Soon, Soon, interleave: false).WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "tick", times: 2);
        await Grain.ForgetAsync().WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "deactivated");
        await OtherTimersTickAsync();
        Assert.Equal("deactivated", Silo.Journal.Read(_key)[^1]);
    }

    // Time enough for the timers under test to tick, if they would.
    private async Task OtherTimersTickAsync()
    {
        string key = Guid.NewGuid().ToString("N");
        ITimerGrain other = Silo.Grains.GetGrain<ITimerGrain>(key);
        await other.StartAsync(Soon, Soon, interleave: false).WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(key, "tick", times: 5);
        await other.StopAsync().WaitAsync(Journal.Patience);
    }
}
