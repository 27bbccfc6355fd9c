using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Orleans;
using RPort.Gateway.Payloads;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Files.Feed;

/// <summary>
/// This gateway's subscription to upload events, and its listeners. Stays subscribed by subscribing again and again. Listeners that asked for progress
/// are told when events may have been missed.
/// </summary>
internal sealed partial class UploadFeed(
    IGrainFactory grains, PayloadKeeper payloads, IOptions<FilesOptions> options, FileMetrics metrics, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<UploadFeed> logger)
    : BackgroundService, IUploadFeedObserver
{
    private static readonly TimeSpan RenewInterval = IUploadFeedGrain.SubscriptionLease / 6;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<FeedListener, bool> _listeners = new();
    private readonly SeenResults _seen = new();
    private int _overruns;
    private bool _outOfTouch;

    /// <summary>True once this gateway has subscribed.</summary>
    public TaskCompletionSource Subscribed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Listeners => _listeners.Count;

    /// <summary>Listeners dropped so far because they were too slow.</summary>
    public int Overruns => _overruns;

    /// <summary>Adds a listener; false where there are too many. The caller removes it.</summary>
    public bool TryAdd(FeedListener listener) => _listeners.Count < options.Value.MaxFeedListeners && _listeners.TryAdd(listener, true);

    public void Remove(FeedListener listener) => _listeners.TryRemove(listener, out _);

    public Task OnUploadEventsAsync(ImmutableArray<UploadEvent> events)
    {
        foreach (UploadEvent next in events)
        {
            Pass(next);
        }

        return Task.CompletedTask;
    }

    private void Pass(UploadEvent uploadEvent)
    {
        if (uploadEvent.Kind == UploadEventKind.PayloadReleased)
        {
            payloads.Release(uploadEvent.Upload);
            return;
        }

        if (uploadEvent.Target is not { } target || (uploadEvent.Kind == UploadEventKind.Result && !_seen.Add(uploadEvent.Upload, target)) || _listeners.IsEmpty)
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
        await WhenStartedAsync(stoppingToken);
        IUploadFeedGrain feed = grains.GetGrain<IUploadFeedGrain>(IUploadFeedGrain.Key);
        IUploadFeedObserver self = grains.CreateObjectReference<IUploadFeedObserver>(this);
        try
        {
            while (true)
            {
                TimeSpan next = await SubscribeAsync(feed, self) ? RenewInterval : RetryInterval;
                await Task.Delay(next, clock, stoppingToken);
            }
        }
        finally
        {
            grains.DeleteObjectReference<IUploadFeedObserver>(self); // the grain forgets us when the lease runs out
        }
    }

    /// <summary>In a cluster services start beside each other, and there are no grains before the client of the cluster stands.</summary>
    private async Task WhenStartedAsync(CancellationToken stoppingToken)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration onStart = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(stoppingToken);
    }

    private void Drop(FeedListener listener)
    {
        Remove(listener);
        Interlocked.Increment(ref _overruns);
        metrics.ListenerDropped();
        LogDropped(logger, options.Value.FeedQueue);
    }

    private async Task<bool> SubscribeAsync(IUploadFeedGrain feed, IUploadFeedObserver self)
    {
        try
        {
            bool missedNothing = await feed.SubscribeAsync(self);
            if (!missedNothing && Subscribed.Task.IsCompleted)
            {
                TellGap();
            }

            _outOfTouch = false;
            Subscribed.TrySetResult();
            return true;
        }
        catch (Exception e) // whatever a grain call may throw; tried again soon, long before the lease ends
        {
            LogSubscribeFailed(logger, e.Message);
            TellGap();
            _outOfTouch = true;
            return false;
        }
    }

    /// <summary>Once for each time that this gateway is out of touch with the feed.</summary>
    private void TellGap()
    {
        if (_outOfTouch)
        {
            return;
        }

        foreach (FeedListener listener in _listeners.Keys.Where(listener => listener.WithProgress))
        {
            if (!listener.TryOffer(FeedMessages.Gap))
            {
                Drop(listener);
            }
        }
    }

    [LoggerMessage(4031, LogLevel.Warning, "A listener of the upload feed is dropped: {Waiting} events were waiting for it")]
    private static partial void LogDropped(ILogger logger, int waiting);

    [LoggerMessage(4030, LogLevel.Warning, "The subscription to the upload feed could not be renewed; it is tried again in two seconds: {Reason}")]
    private static partial void LogSubscribeFailed(ILogger logger, string reason);
}
