using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;
using RPort.Testing;

namespace RPort.Grains.Tests.Uploads;

/// <summary>Who hears of upload events, and for how long.</summary>
public sealed class FeedTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_listener_that_does_not_renew_in_time_hears_nothing_more_and_one_that_does_misses_nothing()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestFeed lapsed = await TestFeed.ListenAsync(silo);
        TestFeed renewed = await TestFeed.ListenAsync(silo);
        await PublishAsync(silo, "one");
        Assert.Equal("one", (await lapsed.NextAsync(UploadEventKind.Result)).Upload.Value);

        _time.Advance(IUploadFeedGrain.SubscriptionLease);
        await renewed.RenewAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await PublishAsync(silo, "two");
        await lapsed.RenewAsync();
        await PublishAsync(silo, "three");

        Assert.Equal("three", (await lapsed.NextAsync(UploadEventKind.Result)).Upload.Value);
        Assert.Equal(["one", "two", "three"], await NamesAsync(renewed, 3));
    }

    [Fact]
    public async Task Of_two_listeners_one_that_dies_does_not_keep_the_other_from_hearing()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestFeed dies = await TestFeed.ListenAsync(silo);
        TestFeed fails = await TestFeed.ListenAsync(silo, _ => throw new IOException("Broken."));
        TestFeed lives = await TestFeed.ListenAsync(silo);
        await PublishAsync(silo, "one");
        Assert.Equal("one", (await dies.NextAsync(UploadEventKind.Result)).Upload.Value);

        dies.Die();
        await PublishAsync(silo, "two");
        await PublishAsync(silo, "three");

        Assert.Equal(["one", "two", "three"], await NamesAsync(lives, 3));
        GC.KeepAlive(fails);
    }

    [Fact]
    public async Task A_listener_that_fails_for_a_moment_gets_everything_in_order_and_is_still_subscribed()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder);
        int failures = 2;
        TestFeed feed = await TestFeed.ListenAsync(silo, _ =>
        {
            if (failures-- > 0)
            {
                throw new IOException("Busy.");
            }
        });
        await PublishAsync(silo, "one");
        await PublishAsync(silo, "two");

        Assert.Equal(["one", "two"], await NamesAsync(feed, 2));
        Assert.True(await feed.RenewAsync());
    }

    [Fact]
    public async Task In_a_cluster_a_new_activation_tells_the_listeners_of_the_one_before()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time, holdsGateway: false);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        silo.Storage.Fails = true;
        await Assert.ThrowsAnyAsync<Exception>(() => TestFeed.ListenAsync(silo)); // a failed write: the activation leaves
        silo.Storage.Fails = false;

        await PublishAsync(silo, "one");

        Assert.Equal("one", (await feed.NextAsync(UploadEventKind.Result)).Upload.Value);
        Assert.True(await feed.RenewAsync());
    }

    [Fact]
    public async Task A_listener_learns_that_it_was_dropped()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestFeed feed = await TestFeed.ListenAsync(silo);
        Assert.True(await feed.RenewAsync());
        _time.Advance(IUploadFeedGrain.SubscriptionLease + TimeSpan.FromSeconds(1));
        await PublishAsync(silo, "one");

        Assert.False(await feed.RenewAsync());
        Assert.True(await feed.RenewAsync());
    }

    private static Task PublishAsync(TestSilo silo, string upload) => silo.Grains.GetGrain<IUploadFeedGrain>(IUploadFeedGrain.Key).PublishAsync(
        [new UploadEvent(UploadEventKind.Result, new UploadId(upload), "admin", null, 1)]);

    private static async Task<string[]> NamesAsync(TestFeed feed, int count)
    {
        var names = new List<string>();
        while (names.Count < count)
        {
            names.Add((await feed.NextAsync(UploadEventKind.Result)).Upload.Value);
        }

        return [.. names];
    }
}
