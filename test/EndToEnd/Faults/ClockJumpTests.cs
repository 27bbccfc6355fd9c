using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Faults;

/// <summary>The server's clock is set by hours, forwards or backwards, while agents are connected. Time that passes is what it was.</summary>
public sealed class ClockJumpTests
{
    [ClockFact]
    public async Task A_clock_set_back_or_forth_ends_no_session_fails_no_push_and_hides_no_dead_link()
    {
        using SetClock clock = new();
        await using FaultyLink link = await FaultyLink.WatchfulAsync(clock.Environment);
        await link.PushesAsync("before.bin", 100_000, TimeSpan.FromSeconds(20));
        foreach (int hours in new[] { 30, -30 })
        {
            clock.Set(TimeSpan.FromHours(hours));
            await link.PushesAsync($"{hours}.bin", 100_000, TimeSpan.FromSeconds(20));
            Assert.Equal(1, link.Proxy.Accepted); // the session is still the first one
        }

        link.Proxy.BlackHole();
        await link.Gateway.DisconnectedAsync(FaultyLink.Client, TimeSpan.FromSeconds(10));
    }
}
