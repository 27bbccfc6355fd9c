using System.Threading.Channels;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Tests.Kit;

/// <summary>A gateway that listens to upload events.</summary>
internal sealed class TestFeed : IUploadFeedObserver
{
    private readonly Channel<UploadEvent> _events = Channel.CreateUnbounded<UploadEvent>();
    private IUploadFeedObserver? _reference; // the silo holds observers weakly

    public static async Task<TestFeed> ListenAsync(TestSilo silo)
    {
        var feed = new TestFeed();
        feed._reference = silo.Grains.CreateObjectReference<IUploadFeedObserver>(feed);
        await silo.Grains.GetGrain<IUploadFeedGrain>(IUploadFeedGrain.Key).SubscribeAsync(feed._reference);
        return feed;
    }

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

    public void OnUploadEvent(UploadEvent uploadEvent) => _events.Writer.TryWrite(uploadEvent);
}
