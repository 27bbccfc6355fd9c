using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// One push. Reentrant, so that the results of thousands of targets share storage writes: a call changes the state in memory and answers
/// once a write that covers its change has landed. What the world still lacks of the state (orders to hand out, withdrawals, the alarm, the
/// notice that the payload may go) is done by one background task, <see cref="SettleAsync"/>, which may be cut off at any point and begun again.
/// </summary>
[Reentrant]
internal sealed partial class UploadGrain : Grain, IUploadGrain
{
    /// <summary>Calls to client grains at a time.</summary>
    internal const int Batch = 64;

    private static readonly TimeSpan UpkeepPeriod = TimeSpan.FromSeconds(5);

    private readonly IPersistentState<UploadOrderDocument> _order;
    private readonly IPersistentState<UploadResultsDocument> _results;
    private readonly TimeProvider _clock;
    private readonly ILogger<UploadGrain> _logger;
    private readonly GroupCommit _commit;
    private readonly EventOutbox _outbox;
    private readonly ProgressBoard _progress = new();
    private FanOut _fanOut = new(0);
    private UploadState? _state; // with changes that are not yet written
    private UploadState? _durable; // as storage holds it: what readers see
    private Task? _creation;
    private readonly List<Task> _refusals = []; // awaited by the settling task
    private Task _settling = Task.CompletedTask; // owned here; awaited at deactivation
    private IGrainTimer? _upkeep;
    private DateTimeOffset? _alarmAt;
    private bool _settleAgain;
    private bool _releaseTold;
    private bool _alarmCleared;
    private bool _stopping;

    public UploadGrain(
        [PersistentState("order")] IPersistentState<UploadOrderDocument> order,
        [PersistentState("results")] IPersistentState<UploadResultsDocument> results,
        TimeProvider clock,
        ILogger<UploadGrain> logger)
    {
        _order = order;
        _results = results;
        _clock = clock;
        _logger = logger;
        _commit = new GroupCommit(WriteResultsAsync);
        _outbox = new EventOutbox(
            events => GrainFactory.GetGrain<IUploadFeedGrain>(IUploadFeedGrain.Key).PublishAsync(events), e => LogEventsLost(_logger, Id, e));
    }

    private UploadId Id => new(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (_order.RecordExists && _order.State.Request is { } request)
        {
            Adopt(_results.RecordExists ? _results.State.ToState(_order.State) : UploadState.Create(request, _order.State.CreatedAt));
        }

        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _stopping = true;
        await Task.WhenAny(Task.WhenAll(_settling, _outbox.Sending).WaitAsync(cancellationToken)); // their failures are logged where they happen
    }

    public async Task<bool> CreateAsync(UploadRequest request)
    {
        while (_creation is { } other)
        {
            await Task.WhenAny(other);
        }

        if (_state is not null)
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

    public Task<UploadView?> GetAsync() => Task.FromResult(_durable is not { } push
        ? null
        : new UploadView
        {
            Id = Id,
            Request = push.Request,
            CreatedAt = push.CreatedAt,
            FinishedAt = push.FinishedAt,
            Targets = [.. push.Targets.Select(View)],
            PayloadKept = !push.PayloadReleased,
        });

    public Task<UploadSummary?> GetSummaryAsync() => Task.FromResult(_durable?.Summarize());

    public async Task<ReportOutcome> ReportAsync(ClientId client, PushReport report)
    {
        if (_state is null)
        {
            return ReportOutcome.UnknownUpload;
        }

        (UploadState next, ReportOutcome outcome) = _state.Report(client, report, _progress.StartedAt(client), _clock.GetUtcNow());
        await ApplyAsync(next, client);
        return outcome;
    }

    public Task ProgressAsync(ClientId client, long bytes)
    {
        if (_state?.Find(client) is not { Status: PushStatus.Pending } target)
        {
            return Task.CompletedTask;
        }

        DateTimeOffset now = _clock.GetUtcNow();
        _fanOut.Renew(client, now);
        if (_progress.Note(client, bytes, now))
        {
            Publish(UploadEventKind.Progress, View(target));
        }

        return Task.CompletedTask;
    }

    public async Task<bool> CancelAsync()
    {
        if (_state is null)
        {
            return false;
        }

        await ApplyAsync(_state.Cancel(_clock.GetUtcNow()));
        return true;
    }

    public async Task<RetryOutcome> RetryAsync(DateTimeOffset expiresAt)
    {
        if (_state is null)
        {
            return RetryOutcome.NotFound;
        }

        (UploadState next, RetryOutcome outcome) = _state.Retry(expiresAt);
        await ApplyAsync(next);
        if (outcome == RetryOutcome.Retried)
        {
            HandOutAll();
            Settle();
        }

        return outcome;
    }

    public async Task WakeAsync()
    {
        if (_creation is not null)
        {
            return; // the alarm of a push is set before the push itself is there
        }

        if (_state is null)
        {
            await Alarm.ClearAsync(Id); // its creation was cut off
            return;
        }

        await TakeDueStepsAsync();
        Settle();
    }

    public Task<bool> NeedsPayloadAsync() => Task.FromResult(_creation is not null || _state is { PayloadReleased: false });

    private IAlarmGrain Alarm => GrainFactory.GetGrain<IAlarmGrain>(AlarmShards.KeyOf(Id));

    private async Task CreateOnceAsync(UploadRequest request)
    {
        if (request.Order.Upload != Id)
        {
            throw new ArgumentException($"The order is for push '{request.Order.Upload}', this is '{Id}'.", nameof(request));
        }

        // The push itself is written last. Cut off before that, an alarm and a list entry are left that lead nowhere: the first clears itself, the second is skipped.
        await Alarm.SetAsync(Id, request.ExpiresAt);
        await GrainFactory.GetGrain<IUploadIndexGrain>(IUploadIndexGrain.Key).AddAsync(Id);
        DateTimeOffset now = _clock.GetUtcNow();
        _order.State = new UploadOrderDocument { Request = request, CreatedAt = now };
        try
        {
            await _order.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }

        Adopt(UploadState.Create(request, now));
        LogCreated(_logger, Id, _state!.Targets.Count);
        PublishEnded(_state.Targets);
        Settle();
    }

    /// <summary>Takes over a state that storage holds.</summary>
    private void Adopt(UploadState state)
    {
        _state = _durable = state;
        _fanOut = new FanOut(state.Request.MaxConcurrent);
        if (state.IsFinished && state.PayloadReleased && !state.OwesWithdrawals)
        {
            return; // nothing can become due; the alarm, if it was not cleared, wakes and settles
        }

        HandOutAll();
    }

    private void HandOutAll()
    {
        foreach (TargetState target in _state!.Targets.Where(target => target.Status == PushStatus.Pending && !_fanOut.IsUnderWay(target.Client)))
        {
            _fanOut.Add(target.Client);
        }

        // Through a timer and not at once: an activation in the making must not call out.
        _upkeep ??= this.RegisterGrainTimer(UpkeepAsync, new GrainTimerCreationOptions(TimeSpan.Zero, UpkeepPeriod));
    }

    private async Task UpkeepAsync(CancellationToken cancellationToken)
    {
        _fanOut.Revive(_clock.GetUtcNow());
        await TakeDueStepsAsync();
        Settle();
    }

    private Task TakeDueStepsAsync()
    {
        DateTimeOffset now = _clock.GetUtcNow();
        return ApplyAsync(_state!.Expire(_fanOut.IsUnderWay, now).ReleasePayload(now));
    }

    /// <summary>Makes a state the present one, waits until it is durable, and tells what came of it.</summary>
    /// <param name="next">The state.</param>
    /// <param name="only">The one target that changed; null where any may have.</param>
    private async Task ApplyAsync(UploadState next, ClientId? only = null)
    {
        UploadState before = _state!;
        _state = next;
        if (!ReferenceEquals(_state, _durable))
        {
            await _commit.CommitAsync(); // also for a repeated call whose first one has not landed yet
        }

        if (ReferenceEquals(before, next))
        {
            return;
        }

        PublishEnded(only is { } client
            ? [next.Find(client)!]
            : next.Targets.Zip(before.Targets).Where(pair => !ReferenceEquals(pair.First, pair.Second)).Select(pair => pair.First));
        Settle();
    }

    private async Task WriteResultsAsync()
    {
        UploadState written = _state!;
        _results.State = UploadResultsDocument.From(written);
        try
        {
            await _results.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle(); // the state in memory may be ahead of storage: the next activation rereads
            throw;
        }

        _durable = written;
    }

    private void PublishEnded(IEnumerable<TargetState> ended)
    {
        foreach (TargetState target in ended.Where(target => target.Status != PushStatus.Pending))
        {
            _fanOut.End(target.Client);
            _progress.Forget(target.Client);
            Publish(UploadEventKind.Result, View(target));
        }
    }

    private void Publish(UploadEventKind kind, UploadTargetView? target) =>
        _outbox.Add(new UploadEvent(kind, Id, _state!.Request.CreatedBy, target, _state.Request.Order.Size));

    private UploadTargetView View(TargetState target) => target.View(_progress.BytesOf(target.Client), _progress.StartedAt(target.Client));

    private void Settle()
    {
        _settleAgain = true;
        if (_settling.IsCompleted && !_stopping)
        {
            _settling = SettleAsync();
        }
    }

    /// <summary>Brings the world in line with the state: withdrawals before orders, so that neither overtakes the other for one client.</summary>
    private async Task SettleAsync()
    {
        await Task.Yield();
        try
        {
            while (_settleAgain && !_stopping)
            {
                _settleAgain = false;
                while (!_stopping && await TakeStepAsync())
                {
                }

                Task[] refusals = [.. _refusals];
                _refusals.Clear();
                await Task.WhenAll(refusals);
                await SettleEndAsync();
            }
        }
        catch (Exception e) // nobody waits for this task: the upkeep timer, or the alarm, begins it again
        {
            LogSettleFailed(_logger, Id, e);
        }
    }

    private async Task<bool> TakeStepAsync()
    {
        if (_state!.OwesWithdrawals)
        {
            await WithdrawAsync();
            return true;
        }

        List<ClientId> batch = _fanOut.Take(Batch, _clock.GetUtcNow());
        await Task.WhenAll(batch.Select(HandOutAsync));
        return batch.Count > 0;
    }

    private async Task HandOutAsync(ClientId client)
    {
        // Only what is durable is handed out. A change under way is followed by another round.
        if (_durable!.Find(client) is not { Status: PushStatus.Pending } target)
        {
            _fanOut.End(client);
            return;
        }

        try
        {
            AssignOutcome outcome = await GrainFactory.GetGrain<IClientGrain>(client.Value).AssignAsync(_durable.OrderFor(target));
            if (outcome == AssignOutcome.Delivered)
            {
                if (_state!.Find(client) is { Status: PushStatus.Pending })
                {
                    _progress.Start(client, _clock.GetUtcNow());
                }

                return; // its place is held until it reports
            }

            _fanOut.End(client);
            if (outcome != AssignOutcome.Kept)
            {
                // Written while the next batch is handed out: a fleet of dead targets shares writes too.
                _refusals.Add(ApplyAsync(_state!.Refuse(client, target.Attempt, ReasonOf(outcome), _clock.GetUtcNow()), client));
            }
        }
        catch (Exception e) // one client's grain cannot be reached: the others go on
        {
            _fanOut.Fail(client);
            LogHandOutFailed(_logger, Id, client, e);
        }
    }

    private async Task WithdrawAsync()
    {
        await ApplyAsync(_state!); // not told before it is durable
        UploadState push = _durable!;
        foreach (TargetState[] batch in push.Targets.Where(target => target.IsTakenBack).Chunk(Batch))
        {
            await Task.WhenAll(batch.Select(target => GrainFactory.GetGrain<IClientGrain>(target.Client.Value).WithdrawAsync(Id, target.Attempt)));
        }

        bool moreSince = !ReferenceEquals(push.Targets, _state!.Targets)
            && _state.Targets.Zip(push.Targets).Any(pair => pair.First.IsTakenBack && !pair.Second.IsTakenBack);
        if (!moreSince)
        {
            await ApplyAsync(_state with { OwesWithdrawals = false });
        }
    }

    /// <summary>Alarm, notice and timer as the state wants them.</summary>
    private async Task SettleEndAsync()
    {
        UploadState push = _durable!;
        if (push.PayloadReleased && !_releaseTold)
        {
            Publish(UploadEventKind.PayloadReleased, null);
            _releaseTold = true;
            LogFinished(_logger, Id, push.Counts.Succeeded, push.Counts.Ignored, push.Counts.Failed);
        }

        DateTimeOffset? due = push.NextAlarm(_clock.GetUtcNow());
        if (due is null && !_alarmCleared)
        {
            await Alarm.ClearAsync(Id);
            _alarmCleared = true;
            _upkeep?.Dispose();
            _upkeep = null;
        }
        else if (due is not null && due != _alarmAt)
        {
            await Alarm.SetAsync(Id, due.Value);
        }

        _alarmAt = due;
    }

    private static string ReasonOf(AssignOutcome outcome) => outcome == AssignOutcome.Full
        ? $"{ClientLimits.MaxPendingPushes} pushes wait for this client already"
        : "there is no such client";

    [LoggerMessage(2010, LogLevel.Information, "Push {Upload}: created for {Targets} targets.")]
    private static partial void LogCreated(ILogger logger, UploadId upload, int targets);

    [LoggerMessage(2011, LogLevel.Information, "Push {Upload}: over, payload released; {Succeeded} placed, {Ignored} ignored, {Failed} failed.")]
    private static partial void LogFinished(ILogger logger, UploadId upload, int succeeded, int ignored, int failed);

    [LoggerMessage(2012, LogLevel.Warning, "Push {Upload}: the order could not be given to client {Client}; it will be tried again.")]
    private static partial void LogHandOutFailed(ILogger logger, UploadId upload, ClientId client, Exception exception);

    [LoggerMessage(2014, LogLevel.Warning, "Push {Upload}: events could not be passed on.")]
    private static partial void LogEventsLost(ILogger logger, UploadId upload, Exception exception);

    [LoggerMessage(2013, LogLevel.Warning, "Push {Upload}: background work was cut off; it will be taken up again.")]
    private static partial void LogSettleFailed(ILogger logger, UploadId upload, Exception exception);
}
