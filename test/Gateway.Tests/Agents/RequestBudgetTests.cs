using RPort.Gateway.Agents.Sessions;
using RPort.Testing;

namespace RPort.Gateway.Tests.Agents;

public sealed class RequestBudgetTests
{
    [Fact]
    public void A_burst_is_granted_and_then_the_rate()
    {
        ManualTime clock = new();
        RequestBudget budget = new(perSecond: 10, burst: 5, clock);
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => budget.TryTake()));
        clock.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(2, Enumerable.Range(0, 20).Count(_ => budget.TryTake()));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => budget.TryTake()));
    }
}
