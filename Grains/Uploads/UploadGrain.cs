using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// One push. Reentrant, so that the results of thousands of targets share storage writes: a call changes the state in memory and answers
/// once a write that covers its change has landed. What the world still lacks of the state is done by the <see cref="Settlement"/>.
/// </summary>
[Reentrant]
internal sealed partial class UploadGrain : Grain, IUploadGrain
{
    private static readonly TimeSpan UpkeepPeriod = TimeSpan.FromSeconds(5);

    /// <summary>How long a deactivation waits for the feed, which may be leaving too.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    /// <summary>Results this young are told again by a new activation. Gateways drop those they have had.</summary>
    private static readonly TimeSpan RecentResults = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _clock;
    private readonly ILogger<UploadGrain> _logger;
    private readonly UploadLedger _ledger;
    private readonly UploadAlarm _alarm;
    private readonly UploadNews _news;
    private Settlement? _settlement; // there as soon as the push is
    private Task? _creation;
    private bool _owesRecentResults; // an activation before this one may have ended between the write and the telling
    private IGrainTimer? _upkeep;

    public UploadGrain(
        [PersistentState("order")] IPersistentState<UploadOrderDocument> order,
        [PersistentState("results")] IPersistentState<UploadResultsDocument> results,
        TimeProvider clock,
        ILogger<UploadGrain> logger)
    {
        _clock = clock;
        _logger = logger;
        _ledger = new UploadLedger(order, results, DeactivateOnIdle);
        _alarm = new UploadAlarm(Id, GrainFactory);
        _news = new UploadNews(Id, new EventOutbox(
            events => GrainFactory.GetGrain<IUploadFeedGrain>(IUploadFeedGrain.Key).PublishAsync(events), e => LogEventsLost(_logger, Id, e), clock));
    }

    private UploadId Id => new(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _ledger.Load();
        if (_ledger.Present is { } push)
        {
            _owesRecentResults = true;
            Begin(push);
        }

        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _settlement?.Stop();

        // Their failures are logged where they happen. Events that the feed does not take now are told again by the next activation.
        await Task.WhenAny(Task.WhenAll(_ledger.Writing, Task.WhenAny(_news.Sending, Task.Delay(Farewell, cancellationToken))).WaitAsync(cancellationToken));
    }

    public async Task<bool> CreateAsync(UploadRequest request)
    {
        while (_creation is { } other)
        {
            await Task.WhenAny(other);
        }

        if (_ledger.Present is not null)
        {
            return false;
        }

        _creation = CreateOnceAsync(request);
        try
        {
            await _creation;
        }
        finally
        {
            _creation = null;
        }

        return true;
    }

    public Task<UploadView?> GetAsync() => Task.FromResult(_ledger.Durable is not { } push
        ? null
        : new UploadView
        {
            Id = Id,
            Request = push.Request,
            CreatedAt = push.CreatedAt,
            FinishedAt = push.FinishedAt,
            Targets = [.. push.Targets.Select(_news.View)],
            PayloadKept = !push.PayloadReleased,
        });

    public Task<UploadSummary?> GetSummaryAsync() => Task.FromResult(_ledger.Durable?.Summarize());

    public async Task<ReportOutcome> ReportAsync(ClientId client, PushReport report)
    {
        if (_ledger.Present is not { } push)
        {
            return ReportOutcome.UnknownUpload;
        }

        (UploadState next, ReportOutcome outcome) = push.Report(client, report, _news.StartedAt(client), _clock.GetUtcNow());
        await _settlement!.ApplyAsync(next, client);
        return outcome;
    }

    public Task ProgressAsync(ClientId client, long bytes)
    {
        if (_ledger.Present is { } push && push.Find(client) is { Status: PushStatus.Pending } target)
        {
            _settlement!.Renew(client);
            _news.Fetched(push, target, bytes, _clock.GetUtcNow());
        }

        return Task.CompletedTask;
    }

    public async Task<bool> CancelAsync()
    {
        if (_ledger.Present is not { } push)
        {
            return false;
        }

        await _settlement!.ApplyAsync(push.Cancel(_clock.GetUtcNow()));
        return true;
    }

    public async Task<RetryOutcome> RetryAsync(DateTimeOffset expiresAt)
    {
        IReadOnlySet<ClientId> offline = await FindOfflineAsync();
        if (_ledger.Present is not { } push)
        {
            return RetryOutcome.NotFound;
        }

        (UploadState next, RetryOutcome outcome) = push.Retry(expiresAt, offline, _clock.GetUtcNow());
        await _settlement!.ApplyAsync(next);
        if (outcome == RetryOutcome.Retried)
        {
            Watch();
        }

        return outcome;
    }

    public async Task WakeAsync()
    {
        if (_creation is not null)
        {
            return; // the alarm of a push is set before the push itself is there
        }

        if (_ledger.Present is null)
        {
            await _alarm.MoveAsync(null); // its creation was cut off
            return;
        }

        TellRecentResultsAgain();
        await TakeDueStepsAsync();
        _settlement!.Settle();
    }

    public Task<bool> NeedsPayloadAsync() => Task.FromResult(_creation is not null || _ledger.Present is { PayloadReleased: false });

    public async Task<bool> ForgetAsync()
    {
        if (_creation is not null || !_ledger.MayForget || _settlement is { IsIdle: false })
        {
            return false;
        }

        _settlement?.Stop();
        DeactivateOnIdle();
        await _ledger.ForgetAsync();
        return true;
    }

    private async Task CreateOnceAsync(UploadRequest request)
    {
        if (request.Order.Upload != Id)
        {
            throw new ArgumentException($"The order is for push '{request.Order.Upload}', this is '{Id}'.", nameof(request));
        }

        // The push itself is written last. Cut off before that, an alarm and a list entry are left that lead nowhere: the first clears itself, the second is skipped.
        await _alarm.MoveAsync(request.ExpiresAt);
        await GrainFactory.GetGrain<IUploadIndexGrain>(IUploadIndexGrain.Key).AddAsync(Id);
        await _ledger.CreateAsync(request, _clock.GetUtcNow());
        UploadState push = _ledger.Present!;
        Begin(push);
        LogCreated(_logger, Id, push.Targets.Count);
        _settlement!.TellEnded(push, push.Targets);
        _settlement.Settle();
    }

    private void Begin(UploadState push)
    {
        _settlement = new Settlement(Id, _ledger, _news, _alarm, GrainFactory, _clock, _logger);
        if (!push.IsOver) // else nothing can become due; the alarm, if it was not cleared, wakes and settles
        {
            _settlement.HandOutPending();
            Watch();
        }
    }

    /// <summary>Through a timer and not at once: an activation in the making must not call out.</summary>
    private void Watch() => _upkeep ??= this.RegisterGrainTimer(UpkeepAsync, new GrainTimerCreationOptions(TimeSpan.Zero, UpkeepPeriod));

    private async Task UpkeepAsync(CancellationToken cancellationToken)
    {
        if (_ledger.Present is null || _alarm.IsCleared)
        {
            _upkeep?.Dispose(); // nothing is left to do
            _upkeep = null;
            return;
        }

        TellRecentResultsAgain();
        _settlement!.Revive();
        await TakeDueStepsAsync();
        _settlement.Settle();
    }

    private void TellRecentResultsAgain()
    {
        if (_owesRecentResults && _ledger.Durable is { } push)
        {
            _owesRecentResults = false;
            DateTimeOffset since = _clock.GetUtcNow() - RecentResults;
            foreach (TargetState target in push.Targets.Where(target => target.FinishedAt > since))
            {
                _news.Ended(push, target);
            }
        }
    }

    private Task TakeDueStepsAsync()
    {
        DateTimeOffset now = _clock.GetUtcNow();
        return _settlement!.ApplyAsync(_ledger.Present!.Expire(client => _news.StartedAt(client) is not null, now).ReleasePayload(now));
    }

    /// <summary>Which failed targets are known to be offline, where a push does not wait for those.</summary>
    private async Task<IReadOnlySet<ClientId>> FindOfflineAsync()
    {
        if (_ledger.Present is not { Request.KeepForOffline: false } push)
        {
            return FrozenSet<ClientId>.Empty;
        }

        ImmutableArray<ClientRecord>[] found = await Task.WhenAll(push.Targets
            .Where(target => target.HasFailed)
            .Select(target => target.Client)
            .GroupBy(ClientDirectoryShards.KeyOf)
            .Select(shard => GrainFactory.GetGrain<IClientDirectoryGrain>(shard.Key).FindAsync([.. shard])));
        return found.SelectMany(records => records).Where(client => !client.Connected).Select(client => client.Id).ToHashSet();
    }

    [LoggerMessage(2010, LogLevel.Information, "Push {Upload}: created for {Targets} targets.")]
    private static partial void LogCreated(ILogger logger, UploadId upload, int targets);

    [LoggerMessage(2014, LogLevel.Warning, "Push {Upload}: events could not be passed on.")]
    private static partial void LogEventsLost(ILogger logger, UploadId upload, Exception exception);
}
