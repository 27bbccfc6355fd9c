using System.Runtime.CompilerServices;
using Orleans.Configuration;
using Orleans.Hosting;

namespace RPort.Contract;

[Collection(SiloCollection.Name)]
public sealed class ObserverTests(SharedSilo shared)
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    private TestSilo Silo => shared.Silo;

    private INewsGrain Grain => Silo.Grains.GetGrain<INewsGrain>(_key);

    [Fact]
    public async Task An_observer_hears_in_order_and_one_thing_at_a_time()
    {
        var reader = new NewsReader(Silo.Journal, _key);
        INewsObserver reference = Silo.Grains.CreateObjectReference<INewsObserver>(reader);
        Task first = Grain.TellOneAsync(reference, "hold");
        await Silo.Journal.WaitForAsync(_key, "hold begins");
        Task second = Silo.Grains.GetGrain<INewsGrain>(_key + "-other").TellOneAsync(reference, "more");
        Silo.Journal.Open(_key);
        await Task.WhenAll(first, second).WaitAsync(Journal.Patience);
        Assert.Equal(["hold begins", "hold ends", "more begins", "more ends"], Silo.Journal.Read(_key));
        GC.KeepAlive(reader);
    }

    [Fact]
    public async Task An_observers_exception_reaches_the_grain()
    {
        var reader = new NewsReader(Silo.Journal, _key);
        INewsObserver reference = Silo.Grains.CreateObjectReference<INewsObserver>(reader);
        await Assert.ThrowsAsync<InvalidDataException>(() => Grain.TellOneAsync(reference, "fail").WaitAsync(Journal.Patience));
        GC.KeepAlive(reader);
    }

    [Fact]
    public async Task Nobody_waits_for_a_method_without_a_task()
    {
        var reader = new NewsReader(Silo.Journal, _key);
        INewsObserver reference = Silo.Grains.CreateObjectReference<INewsObserver>(reader);
        await Grain.ShoutAtOneAsync(reference, "fail").WaitAsync(Journal.Patience);
        await Grain.ShoutAtOneAsync(reference, "well").WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key, "well");
        Assert.Equal(["fail", "well"], Silo.Journal.Read(_key));
        GC.KeepAlive(reader);
    }

    [Fact]
    public async Task A_call_to_a_deleted_observer_fails()
    {
        await using TestSilo silo = await StartWithShortTimeoutAsync();
        var reader = new NewsReader(silo.Journal, _key);
        INewsObserver reference = silo.Grains.CreateObjectReference<INewsObserver>(reader);
        silo.Grains.DeleteObjectReference<INewsObserver>(reference);
        await Assert.ThrowsAsync<TimeoutException>(
            () => silo.Grains.GetGrain<INewsGrain>(_key).TellOneAsync(reference, "late").WaitAsync(Journal.Patience));
        Assert.Empty(silo.Journal.Read(_key));
        GC.KeepAlive(reader);
    }

    [Fact]
    public async Task An_observer_is_held_weakly()
    {
        await using TestSilo silo = await StartWithShortTimeoutAsync();
        INewsObserver reference = ReferToGarbage(silo);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        await Assert.ThrowsAsync<TimeoutException>(
            () => silo.Grains.GetGrain<INewsGrain>(_key).TellOneAsync(reference, "late").WaitAsync(Journal.Patience));
    }

    [Fact]
    public void Deleting_takes_the_reference_and_takes_it_once()
    {
        var reader = new NewsReader(Silo.Journal, _key);
        INewsObserver reference = Silo.Grains.CreateObjectReference<INewsObserver>(reader);
        Assert.Throws<ArgumentException>(() => Silo.Grains.DeleteObjectReference<INewsObserver>(reader));
        Silo.Grains.DeleteObjectReference<INewsObserver>(reference);
        Assert.Throws<ArgumentException>(() => Silo.Grains.DeleteObjectReference<INewsObserver>(reference));
    }

    [Fact]
    public async Task All_subscribers_hear_or_those_that_are_chosen()
    {
        (NewsReader one, NewsReader two) = await SubscribeTwoAsync();
        await Grain.PublishAsync("all", null).WaitAsync(Journal.Patience);
        await Grain.PublishAsync("some", "two").WaitAsync(Journal.Patience);
        await Grain.UnsubscribeAsync("two").WaitAsync(Journal.Patience);
        await Grain.PublishAsync("rest", null).WaitAsync(Journal.Patience);
        Assert.Equal(["all begins", "all ends", "rest begins", "rest ends"], Silo.Journal.Read(_key + "one"));
        Assert.Equal(["all begins", "all ends", "some begins", "some ends"], Silo.Journal.Read(_key + "two"));
        GC.KeepAlive((one, two));
    }

    [Fact]
    public async Task A_subscriber_that_fails_is_dropped_and_the_others_are_told()
    {
        (NewsReader one, NewsReader two) = await SubscribeTwoAsync();
        Assert.Equal(1, await Grain.PublishAsync("fail", "one").WaitAsync(Journal.Patience));
        Assert.Equal(1, await Grain.PublishAsync("well", null).WaitAsync(Journal.Patience));
        Assert.Equal(["fail begins"], Silo.Journal.Read(_key + "one"));
        Assert.Equal(["well begins", "well ends"], Silo.Journal.Read(_key + "two"));
        GC.KeepAlive((one, two));
    }

    [Fact]
    public async Task A_subscriber_that_does_not_renew_expires()
    {
        (NewsReader one, NewsReader two) = await SubscribeTwoAsync();
        await Grain.AdvanceAsync(TimeSpan.FromMinutes(4)).WaitAsync(Journal.Patience);
        await Grain.SubscribeAsync("two", Silo.Grains.CreateObjectReference<INewsObserver>(two)).WaitAsync(Journal.Patience);
        await Grain.AdvanceAsync(TimeSpan.FromMinutes(2)).WaitAsync(Journal.Patience);
        Assert.Equal(2, await Grain.CountAsync());
        await Grain.WhisperAsync("news").WaitAsync(Journal.Patience);
        await Silo.Journal.WaitForAsync(_key + "two", "news");
        Assert.Equal(1, await Grain.CountAsync());
        Assert.Empty(Silo.Journal.Read(_key + "one"));
        GC.KeepAlive((one, two));
    }

    private static Task<TestSilo> StartWithShortTimeoutAsync() => TestSilo.StartAsync(
        builder => builder.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(1)));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static INewsObserver ReferToGarbage(TestSilo silo) =>
        silo.Grains.CreateObjectReference<INewsObserver>(new NewsReader(silo.Journal, "garbage"));

    private async Task<(NewsReader One, NewsReader Two)> SubscribeTwoAsync()
    {
        var one = new NewsReader(Silo.Journal, _key + "one");
        var two = new NewsReader(Silo.Journal, _key + "two");
        await Grain.SubscribeAsync("one", Silo.Grains.CreateObjectReference<INewsObserver>(one)).WaitAsync(Journal.Patience);
        await Grain.SubscribeAsync("two", Silo.Grains.CreateObjectReference<INewsObserver>(two)).WaitAsync(Journal.Patience);
        return (one, two);
    }
}
