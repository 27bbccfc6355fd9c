using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>
/// One machine. Which session is the newest is durable; the way to reach it (the observer) is not: a new activation knows the session but
/// not the way, says so in its answer to the next heartbeat, and the gateway connects again under the same ids.
/// </summary>
internal sealed partial class ClientGrain(
    [PersistentState("client")] IPersistentState<ClientState> store,
    TimeProvider clock,
    SiloRun run,
    ILogger<ClientGrain> logger) : Grain, IClientGrain
{
    /// <summary>After a new activation a session on record counts as alive this long: a live one has its heartbeat by then.</summary>
    internal static readonly TimeSpan PresumedAlive = SessionLease.HeartbeatInterval + TimeSpan.FromSeconds(5);

    private readonly LiveSession _live = new();
    private ClientState _state = new(); // what storage holds; store.State may be ahead while a write runs, and GetAsync comes between
    private IGrainTimer? _upkeep;
    private bool _directoryIsStale;

    private ClientId Id => new(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _state = store.State;
        if (_state.Session is { } session)
        {
            if (run.HoldsGateway && session.Run != run.Id)
            {
                // The process that held the connection is gone. Written with the next change; until then every activation finds the same.
                _state = _state.Disconnect(_state.LastHeartbeatAt ?? clock.GetUtcNow(), null);
            }
            else
            {
                _live.Presume(clock.GetUtcNow() + PresumedAlive);
                Watch();
            }
        }

        return Task.CompletedTask;
    }

    public Task<ClientRecord?> GetAsync() => Task.FromResult(View());

    public async Task<ConnectResult> ConnectAsync(ConnectRequest request, ISessionObserver session)
    {
        DateTimeOffset now = clock.GetUtcNow();
        ConnectDecision decision = _state.Judge(request, _live.IsAlive(now));
        if (decision is ConnectDecision.RefusedAsHeld or ConnectDecision.RefusedAsReplaced)
        {
            if (decision == ConnectDecision.RefusedAsHeld)
            {
                _live.Observer?.ProveAlive();
            }

            LogRefused(logger, Id, request.Session, decision);
            return new ConnectResult(false, default, _state.Inventory.Name, []);
        }

        await CommitAsync(_state.Connect(request, run.Id, now));
        ISessionObserver? older = decision == ConnectDecision.Accepted ? _live.Observer : null;
        _live.Begin(session, now + SessionLease.Expiry, now);
        older?.Close("The agent has connected anew.");
        Watch();
        DelayDeactivation(SessionLease.Expiry);

        // Not told through Upkeep: a client that is missing in the directory must not count as connected.
        await Directory.PutAsync(View()!);
        _directoryIsStale = false;
        LogConnected(logger, Id, request.Session, _state.Epoch);
        return new ConnectResult(true, new SessionFence(request.Session, _state.Epoch), "", _state.Pending);
    }

    public async Task<HeartbeatResult> HeartbeatAsync(SessionFence fence)
    {
        if (!_state.IsNewest(fence))
        {
            return new HeartbeatResult(false, []);
        }

        DateTimeOffset now = clock.GetUtcNow();
        _live.Renew(now + SessionLease.Expiry, now);
        DelayDeactivation(SessionLease.Expiry);
        await FreshenDirectoryAsync();
        return _live.Observer is null ? new HeartbeatResult(false, []) : new HeartbeatResult(true, _state.Pending);
    }

    public async Task UpdateInventoryAsync(SessionFence fence, ClientInventory inventory)
    {
        if (_state.IsNewest(fence))
        {
            await CommitAsync(_state with { Inventory = inventory });
            await TellDirectoryAsync();
        }
    }

    public async Task DisconnectAsync(SessionFence fence)
    {
        if (_state.IsNewest(fence))
        {
            await EndSessionAsync(clock.GetUtcNow());
        }
    }

    public async Task<AssignOutcome> AssignAsync(PushOrder order)
    {
        (ClientState next, AssignOutcome outcome) = _state.Assign(order);
        if (outcome != AssignOutcome.Kept)
        {
            return outcome;
        }

        if (!ReferenceEquals(next, _state))
        {
            await CommitAsync(next);
        }

        if (_live.Observer is not { } session || !_live.IsAlive(clock.GetUtcNow()))
        {
            return AssignOutcome.Kept;
        }

        session.Deliver(_state.FindPending(order.Upload) ?? order);
        return AssignOutcome.Delivered;
    }

    public async Task WithdrawAsync(UploadId upload, int attempt)
    {
        ClientState next = _state.Forget(upload, attempt);
        if (!ReferenceEquals(next, _state))
        {
            await CommitAsync(next);
            _live.Observer?.Withdraw(upload);
        }
    }

    public async Task<ReportOutcome> ReportAsync(SessionFence fence, PushReport report)
    {
        if (!_state.IsNewest(fence))
        {
            return ReportOutcome.StaleSession;
        }

        if (_state.FindPending(report.Upload) is not { } order || report.Attempt > order.Attempt)
        {
            return ReportOutcome.UnknownUpload;
        }

        // The upload grain holds the result before this grain forgets the push: a crash in between makes the agent report twice, which is harmless.
        ReportOutcome outcome = await GrainFactory.GetGrain<IUploadGrain>(report.Upload.Value).ReportAsync(Id, report);
        ClientState next = _state.Forget(report.Upload, report.Attempt);
        if (!ReferenceEquals(next, _state))
        {
            await CommitAsync(next);
        }

        return outcome;
    }

    public async Task ProgressAsync(SessionFence fence, UploadId upload, long bytes)
    {
        if (_state.IsNewest(fence) && _state.FindPending(upload) is not null)
        {
            await GrainFactory.GetGrain<IUploadGrain>(upload.Value).ProgressAsync(Id, bytes);
        }
    }

    public async Task<bool> SetAllowedUserGroupsAsync(ImmutableArray<string> groups)
    {
        if (!_state.Exists)
        {
            return false;
        }

        await CommitAsync(_state with { AllowedUserGroups = groups });
        await TellDirectoryAsync();
        return true;
    }

    public async Task<DeleteOutcome> DeleteAsync()
    {
        if (!_state.Exists)
        {
            return DeleteOutcome.NotFound;
        }

        if (_live.IsAlive(clock.GetUtcNow()))
        {
            return DeleteOutcome.Connected;
        }

        // Every step may be repeated; the state, which is what brings a repeated call here, goes last.
        foreach (PushOrder order in _state.Pending)
        {
            var report = new PushReport(order.Upload, PushStatus.Error, "The client was deleted.", "", 0, order.Attempt);
            await GrainFactory.GetGrain<IUploadGrain>(order.Upload.Value).ReportAsync(Id, report);
        }

        await Directory.RemoveAsync(Id);
        await ClearAsync();
        return DeleteOutcome.Deleted;
    }

    private IClientDirectoryGrain Directory => GrainFactory.GetGrain<IClientDirectoryGrain>(ClientDirectoryShards.KeyOf(Id));

    private ClientRecord? View() => _state.View(Id, _state.Session is not null && _live.IsAlive(clock.GetUtcNow()), _live.LastHeartbeatAt);

    private async Task CommitAsync(ClientState next)
    {
        next = next with { LastHeartbeatAt = _live.LastHeartbeatAt > next.LastHeartbeatAt ? _live.LastHeartbeatAt : next.LastHeartbeatAt };
        store.State = next;
        try
        {
            await store.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle(); // it may or may not have landed: reread before answering anyone
            throw;
        }

        _state = next;
    }

    private async Task ClearAsync()
    {
        try
        {
            await store.ClearStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }

        _state = new ClientState();
        _live.End();
        DeactivateOnIdle();
    }

    private async Task EndSessionAsync(DateTimeOffset endedAt)
    {
        await CommitAsync(_state.Disconnect(endedAt, _live.LastHeartbeatAt));
        _live.End();
        LogDisconnected(logger, Id, _state.Epoch);
        await TellDirectoryAsync();
    }

    private Task TellDirectoryAsync()
    {
        _directoryIsStale = true;
        Watch();
        return FreshenDirectoryAsync();
    }

    /// <summary>The directory's copy of the record is only a cache: what is durable here is not undone because the cache cannot be reached.</summary>
    private async Task FreshenDirectoryAsync()
    {
        if (!_directoryIsStale || View() is not { } record)
        {
            return;
        }

        try
        {
            await Directory.PutAsync(record);
            _directoryIsStale = false;
        }
        catch (Exception e) // whatever keeps the shard from answering, the upkeep timer tries again
        {
            LogDirectoryStale(logger, Id, e);
        }
    }

    /// <summary>One timer while there is something to look after: a session whose lease may run out, or a directory entry to mend.</summary>
    private void Watch() =>
        _upkeep ??= this.RegisterGrainTimer(UpkeepAsync, new GrainTimerCreationOptions(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5)) { KeepAlive = true });

    private async Task UpkeepAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (_state.Session is not null && !_live.IsAlive(now))
        {
            LogLeaseExpired(logger, Id, _state.Epoch);
            _live.Observer?.Close("No sign of life came in time.");
            await EndSessionAsync(now);
        }

        await FreshenDirectoryAsync();
        if (_state.Session is null && !_directoryIsStale)
        {
            _upkeep?.Dispose();
            _upkeep = null;
        }
    }

    [LoggerMessage(2000, LogLevel.Information, "Client {Client}: session {Session} connected, epoch {Epoch}.")]
    private static partial void LogConnected(ILogger logger, ClientId client, SessionId session, long epoch);

    [LoggerMessage(2001, LogLevel.Information, "Client {Client}: the session of epoch {Epoch} has ended.")]
    private static partial void LogDisconnected(ILogger logger, ClientId client, long epoch);

    [LoggerMessage(2002, LogLevel.Warning, "Client {Client}: session {Session} refused: {Decision}.")]
    private static partial void LogRefused(ILogger logger, ClientId client, SessionId session, ConnectDecision decision);

    [LoggerMessage(2003, LogLevel.Warning, "Client {Client}: no heartbeat of epoch {Epoch} came in time.")]
    private static partial void LogLeaseExpired(ILogger logger, ClientId client, long epoch);

    [LoggerMessage(2004, LogLevel.Warning, "Client {Client}: the directory could not be told; it will be told again.")]
    private static partial void LogDirectoryStale(ILogger logger, ClientId client, Exception exception);
}
