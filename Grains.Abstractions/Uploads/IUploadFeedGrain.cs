using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>Passes upload events to every gateway. One grain, key <see cref="Key"/>. Keeps nothing: who was not listening reads the upload grain.</summary>
[Alias("rport.IUploadFeedGrain")]
public interface IUploadFeedGrain : IGrainWithStringKey
{
    /// <summary>The one key.</summary>
    const string Key = "uploads";

    /// <summary>How often a gateway must subscribe again to stay subscribed.</summary>
    static readonly TimeSpan SubscriptionLease = TimeSpan.FromMinutes(2);

    /// <summary>Adds or renews a listener.</summary>
    Task SubscribeAsync(IUploadFeedObserver observer);

    /// <summary>Removes a listener.</summary>
    Task UnsubscribeAsync(IUploadFeedObserver observer);

    /// <summary>Tells all listeners, in this order.</summary>
    Task PublishAsync(ImmutableArray<UploadEvent> events);
}

/// <summary>A gateway's ear for upload events.</summary>
[Alias("rport.IUploadFeedObserver")]
public interface IUploadFeedObserver : IGrainObserver
{
    /// <summary>Something happened. Must return at once.</summary>
    void OnUploadEvent(UploadEvent uploadEvent);
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
