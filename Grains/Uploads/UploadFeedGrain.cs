using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// Passes events on to the gateways that listen. Who listens is stored, so that an activation on another silo tells the same gateways from its first
/// event on. A gateway that has not renewed its subscription in time, or does not keep up, is dropped.
/// </summary>
[Reentrant]
internal sealed partial class UploadFeedGrain : Grain, IUploadFeedGrain
{
    /// <summary>How long a publisher waits for gateways that are behind. Their events stay queued here.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How long a deactivation waits for them.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private readonly IPersistentState<UploadFeedState> _store;
    private readonly GroupCommit _commit;
    private readonly TimeProvider _clock;
    private readonly SiloRun _run;
    private readonly ILogger<UploadFeedGrain> _logger;
    private readonly Dictionary<string, FeedSubscriber> _subscribers = [];

    public UploadFeedGrain([PersistentState("feed")] IPersistentState<UploadFeedState> store, TimeProvider clock, SiloRun run, ILogger<UploadFeedGrain> logger)
    {
        _store = store;
        _commit = new GroupCommit(WriteAsync);
        _clock = clock;
        _run = run;
        _logger = logger;
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!_run.HoldsGateway) // else the only gateway is this process, and the stored one is that of an earlier run
        {
            foreach (string subscriber in _store.State.Subscribers)
            {
                Add(subscriber, GrainFactory.GetGrain<IUploadFeedObserver>(GrainId.Parse(subscriber)));
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Whoever is behind now loses what waits for it here. It is forgotten, so that it learns of the gap when it subscribes again.</summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.WhenAny(Task.WhenAll(_subscribers.Values.Select(subscriber => subscriber.Telling)), Task.Delay(Farewell, cancellationToken));
        string[] behind = [.. _subscribers.Where(subscriber => !subscriber.Value.Telling.IsCompleted).Select(subscriber => subscriber.Key)];
        foreach (string id in behind)
        {
            _subscribers[id].GiveUp();
            _subscribers.Remove(id);
        }

        if (behind.Length > 0)
        {
            await WriteAsync();
        }
    }

    public async Task<bool> SubscribeAsync(IUploadFeedObserver observer)
    {
        string id = observer.GetGrainId().ToString();
        if (_subscribers.TryGetValue(id, out FeedSubscriber? present) && !present.IsLost)
        {
            present.Renew();
            return true;
        }

        Add(id, observer);
        await _commit.CommitAsync();
        return false;
    }

    public Task UnsubscribeAsync(IUploadFeedObserver observer) =>
        _subscribers.Remove(observer.GetGrainId().ToString()) ? _commit.CommitAsync() : Task.CompletedTask;

    public async Task PublishAsync(ImmutableArray<UploadEvent> events)
    {
        foreach (FeedSubscriber subscriber in _subscribers.Values)
        {
            subscriber.Offer(events);
        }

        DropLost();
        Task told = Task.WhenAll(_subscribers.Values.Where(subscriber => !subscriber.IsBehind).Select(subscriber => subscriber.Telling));
        await Task.WhenAny(told, Task.Delay(Patience));
    }

    private void Add(string id, IUploadFeedObserver observer) => _subscribers[id] = new FeedSubscriber(observer, _clock);

    private void DropLost()
    {
        string[] lost = [.. _subscribers.Where(subscriber => subscriber.Value.IsLost).Select(subscriber => subscriber.Key)];
        foreach (string id in lost)
        {
            _subscribers.Remove(id);
            LogDropped(_logger, id);
        }

        if (lost.Length > 0)
        {
            _commit.CommitAsync().Ignore(); // a stored subscriber that is gone is dropped again by the next activation
        }
    }

    private async Task WriteAsync()
    {
        _store.State = new UploadFeedState { Subscribers = [.. _subscribers.Keys] };
        try
        {
            await _store.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }

    [LoggerMessage(2016, LogLevel.Warning, "The upload feed drops the subscriber {Subscriber}: it has not renewed in time, or does not keep up.")]
    private static partial void LogDropped(ILogger logger, string subscriber);
}
