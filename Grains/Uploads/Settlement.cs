using Microsoft.Extensions.Logging;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// Brings the world in line with the state of a push: takes orders back, hands orders out, tells the listeners, sets the alarm. One background
/// task, which may be cut off at any point and begun again: every step may be repeated, and the clients' grains go by the attempt, so that
/// an order and the withdrawal of an earlier one may come in any sequence.
/// </summary>
internal sealed partial class Settlement(UploadId id, UploadLedger ledger, UploadNews news, UploadAlarm alarm, IGrainFactory grains, TimeProvider clock, ILogger logger)
{
    /// <summary>Calls to client grains at a time.</summary>
    internal const int Batch = 64;

    private readonly FanOut _fanOut = new(ledger.Present!.Request.MaxConcurrent);
    private readonly List<Task> _refusals = []; // awaited by the task
    private Task _running = Task.CompletedTask; // owned here; ends by itself, or at the next step once stopped
    private bool _again;
    private bool _stopping;

    /// <summary>Nothing is under way.</summary>
    public bool IsIdle => _running.IsCompleted;

    /// <summary>Queues every pending target: who has its order already is not given it twice.</summary>
    public void HandOutPending()
    {
        foreach (TargetState target in ledger.Present!.Targets.Where(target => target.Status == PushStatus.Pending))
        {
            _fanOut.Add(target.Client);
        }
    }

    /// <summary>A target has fetched something.</summary>
    public void Renew(ClientId client) => _fanOut.Renew(client, clock.GetUtcNow());

    /// <summary>Those that could not be reached are tried again, those that stalled give their places up.</summary>
    public void Revive() => _fanOut.Revive(clock.GetUtcNow());

    /// <summary>Makes a state the present one, waits until it is durable, tells who ended and settles the rest in the background.</summary>
    /// <param name="next">The state.</param>
    /// <param name="only">The one target that changed; null where any may have.</param>
    public async Task ApplyAsync(UploadState next, ClientId? only = null)
    {
        UploadState before = ledger.Present!;
        await ledger.ChangeAsync(next);
        if (ReferenceEquals(before, next))
        {
            return;
        }

        List<TargetState> changed = only is { } client
            ? [next.Find(client)!]
            : [.. next.Targets.Zip(before.Targets).Where(pair => !ReferenceEquals(pair.First, pair.Second)).Select(pair => pair.First)];
        foreach (TargetState target in changed.Where(target => target.Status == PushStatus.Pending))
        {
            _fanOut.End(target.Client); // its place was that of the attempt before
            _fanOut.Add(target.Client);
        }

        TellEnded(next, changed);
        Settle();
    }

    /// <summary>Tells of those targets that have ended, and frees their places.</summary>
    public void TellEnded(UploadState push, IEnumerable<TargetState> targets)
    {
        foreach (TargetState target in targets.Where(target => target.Status != PushStatus.Pending))
        {
            if (ledger.Present?.Find(target.Client) is not { Status: PushStatus.Pending }) // else a retry has begun while this was written
            {
                _fanOut.End(target.Client);
            }

            news.Ended(push, target);
        }
    }

    public void Settle()
    {
        _again = true;
        if (_running.IsCompleted && !_stopping)
        {
            _running = RunAsync();
        }
    }

    /// <summary>
    /// No further step is begun and nothing more is written. The one under way is not waited for: it waits for other grains, and where those
    /// leave too and wait for this one (an alarm that wakes it) all would wait for ever.
    /// </summary>
    public void Stop() => _stopping = true;

    private async Task RunAsync()
    {
        await Task.Yield();
        try
        {
            while (_again && !_stopping)
            {
                _again = false;
                if (ledger.Present!.OwesWithdrawals)
                {
                    await WithdrawAsync();
                }

                while (!_stopping && await HandOutBatchAsync())
                {
                }

                Task[] refusals = [.. _refusals];
                _refusals.Clear();
                await Task.WhenAll(refusals);
                if (!_stopping)
                {
                    await EndAsync();
                }
            }
        }
        catch (Exception e) // nobody waits for this task: the upkeep timer, or the alarm, begins it again
        {
            LogSettleFailed(logger, id, e);
        }
    }

    private async Task WithdrawAsync()
    {
        await ApplyAsync(ledger.Present!); // not told before it is durable
        UploadState push = ledger.Durable!;
        bool allTold = true;
        foreach (TargetState[] batch in push.Targets.Where(target => target.MayHoldWithdrawn).Chunk(Batch))
        {
            if (_stopping)
            {
                return;
            }

            bool[] told = await Task.WhenAll(batch.Select(WithdrawAsync));
            allTold &= !told.Contains(false);
        }

        bool moreSince = !ReferenceEquals(push.Targets, ledger.Present!.Targets)
            && ledger.Present.Targets.Zip(push.Targets).Any(pair => pair.First.MayHoldWithdrawn && !ReferenceEquals(pair.First, pair.Second));
        if (allTold && !moreSince && !_stopping)
        {
            await ApplyAsync(ledger.Present with { OwesWithdrawals = false });
        }
    }

    private async Task<bool> WithdrawAsync(TargetState target)
    {
        try
        {
            await grains.GetGrain<IClientGrain>(target.Client.Value).WithdrawAsync(id, target.Attempt);
            return true;
        }
        catch (Exception e) // one client's grain cannot be reached: the others are told, and the withdrawal stays owed
        {
            LogWithdrawalFailed(logger, id, target.Client, e);
            return false;
        }
    }

    private async Task<bool> HandOutBatchAsync()
    {
        List<ClientId> batch = _fanOut.Take(Batch, clock.GetUtcNow());
        await Task.WhenAll(batch.Select(HandOutAsync));
        return batch.Count > 0;
    }

    private async Task HandOutAsync(ClientId client)
    {
        // Only what is durable is handed out. A change under way is followed by another round.
        if (ledger.Durable!.Find(client) is not { Status: PushStatus.Pending } target)
        {
            _fanOut.End(client);
            return;
        }

        try
        {
            AssignOutcome outcome = await grains.GetGrain<IClientGrain>(client.Value).AssignAsync(ledger.Durable.OrderFor(target));
            if (_stopping)
            {
                return; // the next activation hands out again, and gets the same answer
            }

            if (outcome == AssignOutcome.Delivered)
            {
                if (ledger.Present!.Find(client) is { Status: PushStatus.Pending })
                {
                    news.Started(client, clock.GetUtcNow());
                }

                return; // its place is held until it reports
            }

            _fanOut.End(client);
            if (outcome != AssignOutcome.Kept)
            {
                // Written while the next batch is handed out: a fleet of dead targets shares writes too.
                _refusals.Add(ApplyAsync(ledger.Present!.Refuse(client, target.Attempt, ReasonOf(outcome), clock.GetUtcNow()), client));
            }
        }
        catch (Exception e) // one client's grain cannot be reached: the others go on
        {
            _fanOut.Fail(client);
            LogHandOutFailed(logger, id, client, e);
        }
    }

    private async Task EndAsync()
    {
        UploadState push = ledger.Durable!;
        if (push.PayloadReleased && news.Released(push))
        {
            LogFinished(logger, id, push.Counts.Succeeded, push.Counts.Ignored, push.Counts.Failed);
        }

        // The alarm is what brings the next activation to tell what this one could not: it is moved once all is told.
        await news.Sending;
        await alarm.MoveAsync(push.NextAlarm(clock.GetUtcNow()));
    }

    private static string ReasonOf(AssignOutcome outcome) => outcome == AssignOutcome.Full
        ? $"{ClientLimits.MaxPendingPushes} pushes wait for this client already"
        : "there is no such client";

    [LoggerMessage(2011, LogLevel.Information, "Push {Upload}: over, payload released; {Succeeded} placed, {Ignored} ignored, {Failed} failed.")]
    private static partial void LogFinished(ILogger logger, UploadId upload, int succeeded, int ignored, int failed);

    [LoggerMessage(2012, LogLevel.Warning, "Push {Upload}: the order could not be given to client {Client}; it will be tried again.")]
    private static partial void LogHandOutFailed(ILogger logger, UploadId upload, ClientId client, Exception exception);

    [LoggerMessage(2013, LogLevel.Warning, "Push {Upload}: background work was cut off; it will be taken up again.")]
    private static partial void LogSettleFailed(ILogger logger, UploadId upload, Exception exception);

    [LoggerMessage(2015, LogLevel.Warning, "Push {Upload}: client {Client} could not be told that it was taken back; it will be tried again.")]
    private static partial void LogWithdrawalFailed(ILogger logger, UploadId upload, ClientId client, Exception exception);
}
