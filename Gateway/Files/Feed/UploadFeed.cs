using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans;
using RPort.Gateway.Payloads;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Files.Feed;

/// <summary>This gateway's ear for upload events, and its listeners. Stays subscribed by subscribing again and again.</summary>
internal sealed partial class UploadFeed(
    IGrainFactory grains, PayloadKeeper payloads, IOptions<FilesOptions> options, FileMetrics metrics, TimeProvider clock, ILogger<UploadFeed> logger)
    : BackgroundService, IUploadFeedObserver
{
    private static readonly TimeSpan RenewInterval = IUploadFeedGrain.SubscriptionLease / 6;
    private readonly ConcurrentDictionary<FeedListener, bool> _listeners = new();
    private int _overruns;

    /// <summary>True once this gateway has subscribed.</summary>
    public TaskCompletionSource Subscribed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Listeners => _listeners.Count;

    /// <summary>Listeners dropped so far because they were too slow.</summary>
    public int Overruns => _overruns;

    /// <summary>Adds a listener; false where there are too many. The caller removes it.</summary>
    public bool TryAdd(FeedListener listener) => _listeners.Count < options.Value.MaxFeedListeners && _listeners.TryAdd(listener, true);

    public void Remove(FeedListener listener) => _listeners.TryRemove(listener, out _);

    public void OnUploadEvent(UploadEvent uploadEvent)
    {
        if (uploadEvent.Kind == UploadEventKind.PayloadReleased)
        {
            payloads.Release(uploadEvent.Upload);
            return;
        }

        if (uploadEvent.Target is not { } target || _listeners.IsEmpty)
        {
            return;
        }

        byte[]? message = null; // written once, however many listen
        foreach (FeedListener listener in _listeners.Keys)
        {
            if (uploadEvent.Kind == UploadEventKind.Result || listener.WithProgress)
            {
                if (!listener.TryOffer(message ??= FeedMessages.Write(uploadEvent, target)))
                {
                    Drop(listener);
                }
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IUploadFeedGrain feed = grains.GetGrain<IUploadFeedGrain>(IUploadFeedGrain.Key);
        IUploadFeedObserver self = grains.CreateObjectReference<IUploadFeedObserver>(this);
        using var timer = new PeriodicTimer(RenewInterval, clock);
        try
        {
            do
            {
                await SubscribeAsync(feed, self);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        finally
        {
            grains.DeleteObjectReference<IUploadFeedObserver>(self); // the grain forgets us when the lease runs out
        }
    }

    private void Drop(FeedListener listener)
    {
        Remove(listener);
        Interlocked.Increment(ref _overruns);
        metrics.ListenerDropped();
        LogDropped(logger, options.Value.FeedQueue);
    }

    private async Task SubscribeAsync(IUploadFeedGrain feed, IUploadFeedObserver self)
    {
        try
        {
            await feed.SubscribeAsync(self);
            Subscribed.TrySetResult();
        }
        catch (Exception e) // tried again at the next tick, long before the lease ends
        {
            LogSubscribeFailed(logger, e);
        }
    }

    [LoggerMessage(4031, LogLevel.Warning, "A listener of the upload feed is dropped: {Waiting} events were waiting for it")]
    private static partial void LogDropped(ILogger logger, int waiting);

    [LoggerMessage(4030, LogLevel.Warning, "The upload feed could not be subscribed to")]
    private static partial void LogSubscribeFailed(ILogger logger, Exception exception);
}
