using System.Collections.Immutable;
using RPort.Grains.Abstractions;
using RPort.Grains.Scheduling;
using RPort.Grains.Tests.Kit;
using RPort.Grains.Uploads;

namespace RPort.Grains.Tests.Uploads;

/// <summary>Who is next, and who is woken.</summary>
public sealed class FanOutTests
{
    private static readonly DateTimeOffset Now = Pushes.Noon;

    [Fact]
    public void A_place_is_free_again_when_its_target_ends()
    {
        FanOut fanOut = Of(2, "a", "b", "c");

        Assert.Equal(["a", "b"], Take(fanOut, Now));
        Assert.Empty(Take(fanOut, Now));
        fanOut.End(new ClientId("a"));
        Assert.Equal(["c"], Take(fanOut, Now));
    }

    [Fact]
    public void A_target_that_shows_no_progress_gives_its_place_to_the_next()
    {
        FanOut fanOut = Of(1, "dead", "next");
        Take(fanOut, Now);
        fanOut.Renew(new ClientId("dead"), Now.AddSeconds(30));

        fanOut.Revive(Now.AddSeconds(30) + FanOut.StalledAfter - TimeSpan.FromTicks(1));
        Assert.Empty(Take(fanOut, Now));
        fanOut.Revive(Now.AddSeconds(30) + FanOut.StalledAfter);
        Assert.Equal(["next"], Take(fanOut, Now));
    }

    [Fact]
    public void One_that_could_not_be_told_is_tried_again_later_and_not_at_once()
    {
        FanOut fanOut = Of(0, "a");
        Take(fanOut, Now);
        fanOut.Fail(new ClientId("a"));

        Assert.Empty(Take(fanOut, Now));
        fanOut.Revive(Now);
        Assert.Equal(["a"], Take(fanOut, Now));
    }

    [Fact]
    public void The_first_tick_wakes_all_then_those_who_are_due_and_in_the_end_all_again()
    {
        var plan = new WakePlan();
        ImmutableDictionary<string, DateTimeOffset> due = ImmutableDictionary<string, DateTimeOffset>.Empty.Add("now", Now).Add("later", Now.AddHours(1));

        Assert.Equal(["later", "now"], plan.Take(due, Now).Order());
        Assert.Empty(plan.Take(due, Now.AddSeconds(5)));
        Assert.Equal(["now"], plan.Take(due, Now + WakePlan.Pause));
        Assert.Contains("later", plan.Take(due, Now + WakePlan.Round));
    }

    [Fact]
    public void Progress_is_passed_on_twice_a_second_at_most()
    {
        var board = new ProgressBoard();
        var client = new ClientId("a");

        Assert.True(board.Note(client, 1, Now));
        Assert.False(board.Note(client, 2, Now.AddMilliseconds(499)));
        Assert.True(board.Note(client, 3, Now.AddMilliseconds(500)));
        Assert.Equal(3, board.BytesOf(client));
    }

    private static FanOut Of(int maxConcurrent, params string[] clients)
    {
        var fanOut = new FanOut(maxConcurrent);
        foreach (string client in clients)
        {
            fanOut.Add(new ClientId(client));
            fanOut.Add(new ClientId(client));
        }

        return fanOut;
    }

    private static string[] Take(FanOut fanOut, DateTimeOffset now) => [.. fanOut.Take(64, now).Select(client => client.Value)];
}
