using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>
/// Passes upload events to every gateway that subscribes. One grain, key <see cref="Key"/>. Who subscribes is durable, events are not: whoever was not
/// subscribed reads the upload grain. An event may reach a gateway twice; it is the same event when kind, push, client and end are the same.
/// </summary>
[Alias("rport.IUploadFeedGrain")]
public interface IUploadFeedGrain : IGrainWithStringKey
{
    /// <summary>The one key.</summary>
    const string Key = "uploads";

    /// <summary>How often a gateway must subscribe again to stay subscribed.</summary>
    static readonly TimeSpan SubscriptionLease = TimeSpan.FromMinutes(2);

    /// <summary>How many events may wait for one gateway. Beyond that it is dropped, and learns so when it subscribes again.</summary>
    const int MaxWaiting = 16_384;

    /// <summary>Adds or renews a listener. Durable before it answers. False: it was not subscribed until now, so it may have missed events.</summary>
    [AlwaysInterleave]
    [SafeToRepeat]
    Task<bool> SubscribeAsync(IUploadFeedObserver observer);

    /// <summary>Removes a listener. Durable before it answers.</summary>
    [AlwaysInterleave]
    Task UnsubscribeAsync(IUploadFeedObserver observer);

    /// <summary>
    /// Tells all listeners, in this order. Completes when each has taken the events, or has been waited for long enough; those that were not reached
    /// are told as soon as they can be.
    /// </summary>
    [AlwaysInterleave]
    [SafeToRepeat]
    Task PublishAsync(ImmutableArray<UploadEvent> events);
}

/// <summary>A gateway that listens to upload events.</summary>
[Alias("rport.IUploadFeedObserver")]
public interface IUploadFeedObserver : IGrainObserver
{
    /// <summary>Something happened. Completes at once; an exception, or no answer, makes the feed tell it again.</summary>
    Task OnUploadEventsAsync(ImmutableArray<UploadEvent> events);
}

/// <summary>What happened to a push.</summary>
public enum UploadEventKind
{
    /// <summary>A target ended.</summary>
    Result,
    /// <summary>A target has fetched more bytes.</summary>
    Progress,
    /// <summary>The payload is needed no more: every gateway drops its copy, the store deletes it.</summary>
    PayloadReleased,
}

/// <summary>One event of a push.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Upload">Which push.</param>
/// <param name="CreatedBy">The user who ordered it.</param>
/// <param name="Target">The target as it stands; null for <see cref="UploadEventKind.PayloadReleased"/>.</param>
/// <param name="TotalBytes">The payload's length.</param>
[GenerateSerializer, Immutable, Alias("rport.UploadEvent")]
public sealed record UploadEvent(
    [property: Id(0)] UploadEventKind Kind,
    [property: Id(1)] UploadId Upload,
    [property: Id(2)] string CreatedBy,
    [property: Id(3)] UploadTargetView? Target,
    [property: Id(4)] long TotalBytes);
