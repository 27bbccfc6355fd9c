using RPort.Gateway.Agents.Sessions;

namespace RPort.Gateway.Tests.Agents;

public sealed class RequestBudgetTests
{
    [Fact]
    public void A_burst_is_granted_and_then_the_rate()
    {
        HandClock clock = new();
        RequestBudget budget = new(perSecond: 10, burst: 5, clock);
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => budget.TryTake()));
        clock.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(2, Enumerable.Range(0, 20).Count(_ => budget.TryTake()));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => budget.TryTake()));
    }

    private sealed class HandClock : TimeProvider
    {
        private TimeSpan _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now.Ticks;

        public void Advance(TimeSpan by) => _now += by;
    }
}
