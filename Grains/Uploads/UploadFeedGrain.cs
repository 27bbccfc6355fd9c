using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Utilities;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>Passes events on to the gateways that listen. A gateway that has not renewed its subscription in time is dropped.</summary>
internal sealed class UploadFeedGrain(TimeProvider clock, ILogger<UploadFeedGrain> logger) : Grain, IUploadFeedGrain
{
    private readonly ObserverManager<IUploadFeedObserver, IUploadFeedObserver> _listeners = new(IUploadFeedGrain.SubscriptionLease, logger)
    {
        GetDateTime = () => clock.GetUtcNow().UtcDateTime,
    };

    public Task SubscribeAsync(IUploadFeedObserver observer)
    {
        _listeners.Subscribe(observer, observer);
        return Task.CompletedTask;
    }

    public Task UnsubscribeAsync(IUploadFeedObserver observer)
    {
        _listeners.Unsubscribe(observer);
        return Task.CompletedTask;
    }

    public Task PublishAsync(ImmutableArray<UploadEvent> events)
    {
        foreach (UploadEvent uploadEvent in events)
        {
            _listeners.Notify(listener => listener.OnUploadEvent(uploadEvent));
        }

        return Task.CompletedTask;
    }
}
