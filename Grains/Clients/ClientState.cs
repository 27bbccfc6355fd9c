using System.Collections.Immutable;
using Orleans;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>What a client grain persists, and the rules by which it changes. Every change is a new state; the grain writes it and then answers.</summary>
[GenerateSerializer]
internal sealed record ClientState
{
    /// <summary>How many replaced sessions are remembered: enough for every one that may still have a heartbeat under way.</summary>
    internal const int MaxReplaced = 16;

    /// <summary>How many withdrawn pushes are remembered: their agents may have placed the file before they heard of it.</summary>
    internal const int MaxWithdrawn = 64;

    /// <summary>Null for a client that never connected (or was deleted).</summary>
    [Id(0)] public DateTimeOffset? FirstSeenAt { get; init; }
    [Id(1)] public ClientInventory Inventory { get; init; } = new();
    [Id(2)] public string Address { get; init; } = "";
    [Id(3)] public string ClientAuthId { get; init; } = "";
    [Id(4)] public DateTimeOffset? DisconnectedAt { get; init; }
    [Id(5)] public DateTimeOffset? LastHeartbeatAt { get; init; }
    [Id(6)] public ImmutableArray<string> AllowedUserGroups { get; init; } = [];
    [Id(7)] public ImmutableArray<PushOrder> Pending { get; init; } = [];

    /// <summary>Grows with every accepted connect, and survives the session.</summary>
    [Id(8)] public long Epoch { get; init; }

    /// <summary>The session that was not yet seen to end; null when none.</summary>
    [Id(9)] public ClientSession? Session { get; init; }

    /// <summary>Sessions that a newer one took the place of: they never come back.</summary>
    [Id(10)] public ImmutableArray<SessionId> Replaced { get; init; } = [];

    /// <summary>The session that has ended and may still come back, as long as no newer one has taken its place.</summary>
    [Id(11)] public SessionId? Ended { get; init; }

    /// <summary>The latest pushes that were taken back, oldest first.</summary>
    [Id(12)] public ImmutableArray<WithdrawnPush> Withdrawn { get; init; } = [];

    /// <summary>Tunnels and templates of tunnels.</summary>
    [Id(13)] public TunnelBook Tunnels { get; init; } = new();

    public bool Exists => FirstSeenAt is not null;

    public bool IsNewest(SessionFence fence) => Session is { } session && session.Id == fence.Session && Epoch == fence.Epoch;

    public PushOrder? FindPending(UploadId upload) => Pending.FirstOrDefault(order => order.Upload == upload);

    /// <summary>Whether this client may have something to report of that attempt of a push.</summary>
    public bool WasGiven(UploadId upload, int attempt) =>
        FindPending(upload) is { } order ? attempt <= order.Attempt : Withdrawn.Any(push => push.Upload == upload && attempt <= push.Attempt);

    /// <summary>What a connect comes to.</summary>
    /// <param name="request">The claim.</param>
    /// <param name="presentIsAlive">Whether the session on record may be alive.</param>
    public ConnectDecision Judge(ConnectRequest request, bool presentIsAlive)
    {
        if (Session is { } present && present.Id == request.Session)
        {
            return ConnectDecision.Same;
        }

        if (Replaced.Contains(request.Session))
        {
            return ConnectDecision.RefusedAsReplaced;
        }

        bool sameProcess = Session is { } holder && holder.Process.Length > 0 && holder.Process == request.ProcessSession;
        return Session is null || !presentIsAlive || sameProcess ? ConnectDecision.Accepted : ConnectDecision.RefusedAsHeld;
    }

    /// <summary>The state after an accepted connect. The same session keeps its epoch, a new one gets the next.</summary>
    public ClientState Connect(ConnectRequest request, string observer, string run, DateTimeOffset now)
    {
        SessionId? earlier = Session?.Id ?? Ended;
        bool same = Session is not null && earlier == request.Session;
        return this with
        {
            FirstSeenAt = FirstSeenAt ?? now,
            Inventory = request.Inventory,
            Address = request.Address,
            ClientAuthId = request.ClientAuthId,
            DisconnectedAt = null,
            LastHeartbeatAt = now,
            Epoch = same ? Epoch : Epoch + 1,
            Session = new ClientSession(request.Session, request.ProcessSession, request.Gateway, run, observer),
            Ended = null,
            Replaced = earlier is { } old && old != request.Session ? [.. Replaced.TakeLast(MaxReplaced - 1), old] : Replaced,
        };
    }

    /// <summary>The state after the session has ended.</summary>
    public ClientState Disconnect(DateTimeOffset endedAt, DateTimeOffset? lastHeartbeatAt) =>
        this with { Session = null, Ended = Session?.Id ?? Ended, DisconnectedAt = endedAt, LastHeartbeatAt = lastHeartbeatAt ?? LastHeartbeatAt };

    /// <summary>The state with one more push, or <c>this</c> where nothing changes.</summary>
    public (ClientState Next, AssignOutcome Outcome) Assign(PushOrder order)
    {
        if (!Exists)
        {
            return (this, AssignOutcome.UnknownClient);
        }

        if (FindPending(order.Upload) is { } present)
        {
            return order.Attempt <= present.Attempt
                ? (this, AssignOutcome.Kept)
                : (this with { Pending = Pending.Replace(present, order) }, AssignOutcome.Kept);
        }

        return Pending.Length >= ClientLimits.MaxPendingPushes
            ? (this, AssignOutcome.Full)
            : (this with { Pending = Pending.Add(order) }, AssignOutcome.Kept);
    }

    /// <summary>The state without a push of that attempt or an earlier one.</summary>
    public ClientState Forget(UploadId upload, int attempt) =>
        FindPending(upload) is { } present && present.Attempt <= attempt ? this with { Pending = Pending.Remove(present) } : this;

    /// <summary>The state without a push that was taken back; its result may still be on its way.</summary>
    public ClientState Withdraw(UploadId upload, int attempt)
    {
        ClientState next = Forget(upload, attempt);
        return ReferenceEquals(next, this)
            ? this
            : next with { Withdrawn = [.. Withdrawn.Where(push => push.Upload != upload).TakeLast(MaxWithdrawn - 1), new WithdrawnPush(upload, attempt)] };
    }

    /// <summary>The state with the last sign of life, if that is news.</summary>
    public ClientState Seen(DateTimeOffset? heartbeatAt) => heartbeatAt > LastHeartbeatAt ? this with { LastHeartbeatAt = heartbeatAt } : this;

    /// <summary>What operators see.</summary>
    public ClientRecord? View(ClientId id, bool connected, DateTimeOffset? lastHeartbeatAt) => FirstSeenAt is not { } firstSeenAt
        ? null
        : new ClientRecord
        {
            Id = id,
            Inventory = Inventory,
            Address = Address,
            ClientAuthId = ClientAuthId,
            Connected = connected,
            DisconnectedAt = connected ? null : DisconnectedAt ?? lastHeartbeatAt ?? LastHeartbeatAt,
            LastHeartbeatAt = lastHeartbeatAt ?? LastHeartbeatAt,
            FirstSeenAt = firstSeenAt,
            AllowedUserGroups = AllowedUserGroups,
            Tunnels = Tunnels.Open,
        };

    /// <summary>What stays of a client that is forgotten: the numbers that are never given out again. Null: nothing has to stay.</summary>
    public ClientState? Remains() => Tunnels.LastId == 0 ? null : new ClientState { Epoch = Epoch, Tunnels = new TunnelBook { LastId = Tunnels.LastId } };
}

/// <summary>The newest session of a client.</summary>
/// <param name="Id">The connection.</param>
/// <param name="Process">The agent process.</param>
/// <param name="Gateway">Where the connection ends.</param>
/// <param name="Run">The silo process that accepted it.</param>
/// <param name="Observer">The <see cref="GrainId"/> of its <see cref="ISessionObserver"/>, by which a new activation reaches it; null in states of older builds.</param>
[GenerateSerializer]
internal sealed record ClientSession(
    [property: Id(0)] SessionId Id,
    [property: Id(1)] string Process,
    [property: Id(2)] GatewayId Gateway,
    [property: Id(3)] string Run,
    [property: Id(4)] string? Observer = null);

/// <summary>A push that was taken back from a client.</summary>
/// <param name="Upload">Which push.</param>
/// <param name="Attempt">The last attempt that was taken back.</param>
[GenerateSerializer]
internal sealed record WithdrawnPush([property: Id(0)] UploadId Upload, [property: Id(1)] int Attempt);

/// <summary>What a connect comes to.</summary>
internal enum ConnectDecision
{
    /// <summary>The newest session again (its gateway saw the grain forget it).</summary>
    Same,
    /// <summary>A new session takes the client.</summary>
    Accepted,
    /// <summary>Another process holds the client and may be alive.</summary>
    RefusedAsHeld,
    /// <summary>A newer session has taken the place of this one.</summary>
    RefusedAsReplaced,
}
