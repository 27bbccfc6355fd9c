using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>
/// One file push: its order, its targets, their results. Key: the <see cref="UploadId"/>. The one source of truth for a push: it hands the
/// order to the client grains again until each target has reported, so that a crash of any process leaves a push that completes by itself.
/// </summary>
[Alias("rport.IUploadGrain")]
public interface IUploadGrain : IGrainWithStringKey
{
    /// <summary>Starts the push. Durable before it answers; the fan-out goes on afterwards. False: a push with this id exists already (nothing changed).</summary>
    Task<bool> CreateAsync(UploadRequest request);

    /// <summary>The push as it stands; null when there is none.</summary>
    [SafeToRepeat]
    Task<UploadView?> GetAsync();

    /// <summary>The push in a line; null when there is none.</summary>
    [SafeToRepeat]
    Task<UploadSummary?> GetSummaryAsync();

    /// <summary>A target's result, from its client grain. Durable before it answers; the first report of an attempt wins.</summary>
    [SafeToRepeat]
    Task<ReportOutcome> ReportAsync(ClientId client, PushReport report);

    /// <summary>Bytes a target has fetched so far. May be lost.</summary>
    [OneWay]
    Task ProgressAsync(ClientId client, long bytes);

    /// <summary>Takes the push back: pending targets become <see cref="PushStatus.Canceled"/> and their agents stop. False: there is no such push. No effect on finished targets.</summary>
    Task<bool> CancelAsync();

    /// <summary>
    /// Carries failed, cancelled and expired targets out again, unfinished ones go on, and finished ones stay. Without
    /// <see cref="UploadRequest.KeepForOffline"/> those that are offline fail again at once. See <see cref="RetryOutcome"/>.
    /// </summary>
    /// <param name="expiresAt">The new deadline.</param>
    Task<RetryOutcome> RetryAsync(DateTimeOffset expiresAt);

    /// <summary>Called by the alarm grain: expire what is due, hand out again what is unfinished.</summary>
    Task WakeAsync();

    /// <summary>Whether the payload may still be needed. The stores' sweepers ask this before they delete what no notice told them to.</summary>
    [SafeToRepeat]
    Task<bool> NeedsPayloadAsync();

    /// <summary>
    /// Forgets a push that is over: all its targets have ended and its payload is released. True: there is no such push (any more). False: it
    /// is not over, and nothing changed. Called by the list of pushes for those beyond the number it keeps.
    /// </summary>
    Task<bool> ForgetAsync();
}

/// <summary>What became of a request to retry.</summary>
public enum RetryOutcome
{
    /// <summary>The failed targets are pending again.</summary>
    Retried,
    /// <summary>There is no such push.</summary>
    NotFound,
    /// <summary>No target has failed.</summary>
    NothingFailed,
    /// <summary>The payload is no longer kept.</summary>
    PayloadGone,
}
