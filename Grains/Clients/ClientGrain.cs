using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>
/// One machine. Which session is the newest is durable, and so is the way to reach it: an activation that starts on another silo takes up the stored
/// observer and goes on at once.
/// </summary>
internal sealed partial class ClientGrain : Grain, IClientGrain
{
    /// <summary>After a new activation a session on record counts as alive this long: a live one has its heartbeat by then.</summary>
    internal static readonly TimeSpan PresumedAlive = SessionLease.HeartbeatInterval + TimeSpan.FromSeconds(5);

    private readonly TimeProvider _clock;
    private readonly SiloRun _run;
    private readonly ILogger<ClientGrain> _logger;
    private readonly ClientStore _store;
    private readonly DirectoryEntry _entry;
    private readonly LiveSession _live;
    private readonly OpenQuestions _questions;
    private IGrainTimer? _upkeep;

    public ClientGrain([PersistentState("client")] IPersistentState<ClientState> stored, TimeProvider clock, SiloRun run, ILogger<ClientGrain> logger)
    {
        _clock = clock;
        _live = new LiveSession(clock);
        _run = run;
        _logger = logger;
        _store = new ClientStore(stored, StartAnew);
        _entry = new DirectoryEntry(Id, GrainFactory, View, logger);
        _questions = new OpenQuestions(clock, run.Leaving);
    }

    private ClientId Id => new(this.GetPrimaryKeyString());

    private ClientState State => _store.Current;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _store.Load();
        if (State.Session is { } session)
        {
            if (_run.HoldsGateway && session.Run != _run.Id)
            {
                // The process that held the connection is gone. Written with the next change; until then every activation finds the same.
                _store.Assume(State.Disconnect(State.LastHeartbeatAt ?? _clock.GetUtcNow(), null));
            }
            else
            {
                _live.Presume(session.Observer is { } observer ? GrainFactory.GetGrain<ISessionObserver>(GrainId.Parse(observer)) : null, PresumedAlive);
                Watch();
            }
        }

        return Task.CompletedTask;
    }

    public Task<ClientRecord?> GetAsync() => Task.FromResult(View());

    public async Task<ConnectResult> ConnectAsync(ConnectRequest request, ISessionObserver session)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        ConnectDecision decision = State.Judge(request, _live.IsAlive);
        if (decision is ConnectDecision.RefusedAsHeld or ConnectDecision.RefusedAsReplaced)
        {
            if (decision == ConnectDecision.RefusedAsHeld)
            {
                _live.Observer?.ProveAlive();
            }

            LogRefused(_logger, Id, request.Session, decision);
            return new ConnectResult(false, default, State.Inventory.Name, [], []);
        }

        await CommitAsync(State.Connect(request, session.GetGrainId().ToString(), _run.Id, now));
        ISessionObserver? older = decision == ConnectDecision.Accepted ? _live.Observer : null;
        _live.Begin(session, SessionLease.Expiry);
        if (decision == ConnectDecision.Accepted)
        {
            _questions.SessionLost(); // the older one may have heard them; nobody will tell
        }

        older?.Close("The agent has connected anew.");
        Watch();
        DelayDeactivation(SessionLease.Expiry);

        // Not told through Upkeep: a client that is missing in the directory must not count as connected.
        await _entry.PutAsync();
        LogConnected(_logger, Id, request.Session, State.Epoch);
        return new ConnectResult(true, new SessionFence(request.Session, State.Epoch), "", State.Pending, State.Tunnels.Open);
    }

    public async Task<HeartbeatResult> HeartbeatAsync(SessionFence fence)
    {
        if (!State.IsNewest(fence))
        {
            return new HeartbeatResult(false, [], []);
        }

        _live.Renew(SessionLease.Expiry);
        DelayDeactivation(SessionLease.Expiry);
        await _entry.FreshenAsync();
        return _live.Observer is null ? new HeartbeatResult(false, [], []) : new HeartbeatResult(true, State.Pending, State.Tunnels.Open);
    }

    public async Task UpdateInventoryAsync(SessionFence fence, ClientInventory inventory)
    {
        if (State.IsNewest(fence))
        {
            await CommitAsync(State with { Inventory = inventory });
            await TellDirectoryAsync();
        }
    }

    public async Task DisconnectAsync(SessionFence fence)
    {
        if (State.IsNewest(fence))
        {
            await EndSessionAsync(_clock.GetUtcNow());
        }
    }

    public async Task<AssignOutcome> AssignAsync(PushOrder order)
    {
        (ClientState next, AssignOutcome outcome) = State.Assign(order);
        if (outcome != AssignOutcome.Kept)
        {
            return outcome;
        }

        if (!ReferenceEquals(next, State))
        {
            await CommitAsync(next);
        }

        if (_live.Observer is not { } session || !_live.IsAlive)
        {
            return AssignOutcome.Kept;
        }

        session.Deliver(State.FindPending(order.Upload) ?? order);
        return AssignOutcome.Delivered;
    }

    public async Task WithdrawAsync(UploadId upload, int attempt)
    {
        ClientState next = State.Withdraw(upload, attempt);
        if (!ReferenceEquals(next, State))
        {
            await CommitAsync(next);
            _live.Observer?.Withdraw(upload, attempt);
        }
    }

    public async Task<ReportOutcome> ReportAsync(SessionFence fence, PushReport report)
    {
        if (!State.IsNewest(fence))
        {
            return ReportOutcome.StaleSession;
        }

        if (!State.WasGiven(report.Upload, report.Attempt))
        {
            return ReportOutcome.UnknownUpload;
        }

        // The upload grain holds the result before this grain forgets the push: a crash in between makes the agent report twice, which is harmless.
        ReportOutcome outcome = await GrainFactory.GetGrain<IUploadGrain>(report.Upload.Value).ReportAsync(Id, report);
        ClientState next = State.Forget(report.Upload, report.Attempt);
        if (!ReferenceEquals(next, State))
        {
            await CommitAsync(next);
        }

        return outcome;
    }

    public async Task ProgressAsync(SessionFence fence, UploadId upload, long bytes)
    {
        if (State.IsNewest(fence) && State.FindPending(upload) is not null)
        {
            await GrainFactory.GetGrain<IUploadGrain>(upload.Value).ProgressAsync(Id, bytes);
        }
    }

    public async Task<bool> SetAttributesAsync(ImmutableArray<string> tags, ImmutableSortedDictionary<string, string> labels)
    {
        if (!State.Exists)
        {
            return false;
        }

        await CommitAsync(State with { Inventory = State.Inventory with { Tags = tags, Labels = labels } });
        await TellDirectoryAsync();
        return true;
    }

    public async Task<bool> SetAllowedUserGroupsAsync(ImmutableArray<string> groups)
    {
        if (!State.Exists)
        {
            return false;
        }

        await CommitAsync(State with { AllowedUserGroups = groups });
        await TellDirectoryAsync();
        return true;
    }

    public async Task<DeleteOutcome> DeleteAsync()
    {
        if (!State.Exists)
        {
            return DeleteOutcome.NotFound;
        }

        if (_live.IsAlive)
        {
            return DeleteOutcome.Connected;
        }

        // Every step may be repeated; the state, which is what brings a repeated call here, goes last.
        foreach (PushOrder order in State.Pending)
        {
            var report = new PushReport(order.Upload, PushStatus.Error, "The client was deleted.", "", 0, order.Attempt);
            await GrainFactory.GetGrain<IUploadGrain>(order.Upload.Value).ReportAsync(Id, report);
        }

        await GrainFactory.GetGrain<ICommandLogGrain>(Id.Value).ClearAsync();
        await _entry.RemoveAsync();
        await (State.Remains() is { } remains ? _store.WriteAsync(remains) : _store.ClearAsync());
        _live.End();
        DeactivateOnIdle();
        return DeleteOutcome.Deleted;
    }

    private ClientRecord? View() => State.View(Id, State.Session is not null && _live.IsAlive, _live.LastHeartbeatAt);

    /// <summary>A question that waits would keep this activation, and with it every call to the client, waiting.</summary>
    private void StartAnew()
    {
        _questions.SessionLost();
        DeactivateOnIdle();
    }

    private Task CommitAsync(ClientState next) => _store.WriteAsync(next.Seen(_live.LastHeartbeatAt));

    private async Task EndSessionAsync(DateTimeOffset endedAt)
    {
        await CommitAsync(State.Disconnect(endedAt, _live.LastHeartbeatAt));
        _live.End();
        _questions.SessionLost();
        LogDisconnected(_logger, Id, State.Epoch);
        await TellDirectoryAsync();
    }

    private Task TellDirectoryAsync()
    {
        _entry.MarkStale();
        Watch();
        return _entry.FreshenAsync();
    }

    /// <summary>One timer while there is something to look after: a session whose lease may run out, or a directory entry to mend.</summary>
    private void Watch() =>
        _upkeep ??= this.RegisterGrainTimer(UpkeepAsync, new GrainTimerCreationOptions(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5)) { KeepAlive = true });

    private async Task UpkeepAsync(CancellationToken cancellationToken)
    {
        if (State.Session is not null && !_live.IsAlive)
        {
            LogLeaseExpired(_logger, Id, State.Epoch);
            _live.Observer?.Close("No sign of life came in time.");
            await EndSessionAsync(_clock.GetUtcNow());
        }

        await _entry.FreshenAsync();
        if (State.Session is null && !_entry.IsStale)
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
}
