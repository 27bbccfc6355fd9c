using System.Collections.Immutable;
using System.Threading.Channels;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Tests.Kit;

/// <summary>A gateway that listens to upload events.</summary>
internal sealed class TestFeed : IUploadFeedObserver
{
    private readonly Channel<UploadEvent> _events = Channel.CreateUnbounded<UploadEvent>();
    private readonly TestSilo _silo;
    private readonly Action<UploadEvent>? _onEvent;
    private readonly IUploadFeedObserver _reference; // the silo holds observers weakly

    private TestFeed(TestSilo silo, Action<UploadEvent>? onEvent)
    {
        _silo = silo;
        _onEvent = onEvent;
        _reference = silo.Grains.CreateObjectReference<IUploadFeedObserver>(this);
    }

    /// <summary>A new listener.</summary>
    /// <param name="silo">Where.</param>
    /// <param name="onEvent">Called before an event is queued, where set.</param>
    public static async Task<TestFeed> ListenAsync(TestSilo silo, Action<UploadEvent>? onEvent = null)
    {
        var feed = new TestFeed(silo, onEvent);
        await feed.RenewAsync();
        return feed;
    }

    /// <summary>False: it was not subscribed until now.</summary>
    public Task<bool> RenewAsync() => _silo.Grains.GetGrain<IUploadFeedGrain>(IUploadFeedGrain.Key).SubscribeAsync(_reference);

    /// <summary>Is gone without a word: calls to it lead nowhere.</summary>
    public void Die() => _silo.Grains.DeleteObjectReference<IUploadFeedObserver>(_reference);

    /// <summary>The next event of that kind; others are dropped.</summary>
    public async Task<UploadEvent> NextAsync(UploadEventKind kind)
    {
        while (true)
        {
            UploadEvent next = await _events.Reader.ReadAsync().AsTask().Soon();
            if (next.Kind == kind)
            {
                return next;
            }
        }
    }

    public Task OnUploadEventsAsync(ImmutableArray<UploadEvent> events)
    {
        foreach (UploadEvent next in events)
        {
            _onEvent?.Invoke(next);
            _events.Writer.TryWrite(next);
        }

        return Task.CompletedTask;
    }
}
