using RPort.Load.Agents;

namespace RPort.Load.Tests.Agents;

public sealed class FleetCountsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FleetCounts _counts = new();

    [Fact]
    public async Task A_goal_that_is_reached_already_is_not_waited_for()
    {
        _counts.Connected();
        await _counts.ReachAsync(1, TimeSpan.Zero, CancellationToken.None);
    }

    [Fact]
    public async Task A_goal_is_reached_by_the_last_one_and_from_above_too()
    {
        _counts.Connected();
        Task two = _counts.ReachAsync(2, Patience, CancellationToken.None);
        Assert.False(two.IsCompleted);
        _counts.Connected();
        await two;
        Task none = _counts.ReachAsync(0, Patience, CancellationToken.None);
        _counts.Disconnected();
        Assert.False(none.IsCompleted);
        _counts.Disconnected();
        await none;
    }

    [Fact]
    public async Task A_goal_that_is_missed_tells_why()
    {
        _counts.Connected();
        _counts.Failed("no room");
        _counts.Failed("no room");
        LoadException missed = await Assert.ThrowsAsync<LoadException>(() => _counts.ReachAsync(3, TimeSpan.FromMilliseconds(1), CancellationToken.None));
        Assert.Contains("1 of 3", missed.Message, StringComparison.Ordinal);
        Assert.Contains("2 x no room", missed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_cleared_counts_from_zero_and_who_is_online_stays()
    {
        _counts.Connected();
        _counts.Refused();
        _counts.Failed("503");
        _counts.Waits.Add(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 1, 1), (_counts.Busy, _counts.Failures, _counts.Waits.Count));
        _counts.Clear();
        Assert.Equal((0, 0, 0, 1), (_counts.Busy, _counts.Failures, _counts.Waits.Count, _counts.Online));
    }
}
