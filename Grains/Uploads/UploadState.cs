using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>A push and its targets: the rules. Immutable; every change is a new state that shares what did not change.</summary>
internal sealed record UploadState
{
    internal const int MaxMessageLength = 2_000;
    internal const int MaxFilePathLength = 4_096;

    public required UploadRequest Request { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required ImmutableList<TargetState> Targets { get; init; }
    public required TargetCounts Counts { get; init; }

    /// <summary>Position of each client in <see cref="Targets"/>; the targets of a push never change, so all its states share one.</summary>
    public required FrozenDictionary<ClientId, int> Index { get; init; }

    /// <summary>The attempt of the latest retry; 0 before the first one.</summary>
    public int Attempt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public bool PayloadReleased { get; init; }

    /// <summary>Some clients have yet to be told that their part was taken back.</summary>
    public bool OwesWithdrawals { get; init; }

    public static UploadState Create(UploadRequest request, DateTimeOffset now)
    {
        var targets = request.Targets
            .DistinctBy(target => target.Client)
            .Select(target => target.WasConnected || request.KeepForOffline
                ? new TargetState(target.Client) { Attempt = request.Order.Attempt }
                : TargetState.NotConnected(target.Client, request.Order.Attempt, now))
            .ToImmutableList();
        UploadState state = Restore(request, now, request.ExpiresAt, targets) with { Attempt = request.Order.Attempt };
        return state.EndIfDone(now);
    }

    /// <summary>A state from its stored parts.</summary>
    public static UploadState Restore(UploadRequest request, DateTimeOffset createdAt, DateTimeOffset expiresAt, ImmutableList<TargetState> targets)
    {
        var counts = default(TargetCounts);
        var index = new Dictionary<ClientId, int>(targets.Count);
        foreach (TargetState target in targets)
        {
            counts = counts.Add(target.Status, 1);
            index.Add(target.Client, index.Count);
        }

        return new UploadState
        {
            Request = request,
            CreatedAt = createdAt,
            ExpiresAt = expiresAt,
            Targets = targets,
            Counts = counts,
            Index = index.ToFrozenDictionary(),
        };
    }

    public bool IsFinished => FinishedAt is not null;

    /// <summary>Nothing is left to do, and no retry can begin it again.</summary>
    public bool IsOver => IsFinished && PayloadReleased && !OwesWithdrawals;

    /// <summary>When the payload of a finished push with failed targets is given up.</summary>
    public DateTimeOffset? PayloadDueAt => FinishedAt is { } end && !PayloadReleased ? end + Request.RetryWindow : null;

    /// <summary>When something must happen even if nobody calls; null once nothing is left to do.</summary>
    public DateTimeOffset? NextAlarm(DateTimeOffset now) =>
        OwesWithdrawals ? now : IsFinished ? PayloadDueAt : ExpiresAt;

    public PushOrder OrderFor(TargetState target) => Request.Order with { Attempt = target.Attempt };

    public TargetState? Find(ClientId client) => Index.TryGetValue(client, out int at) ? Targets[at] : null;

    /// <summary>
    /// A target's result. The first one of an attempt counts and an earlier attempt's is an echo. One taken back stays so, unless its file was
    /// in place by then: what is shown is what is on the machine.
    /// </summary>
    public (UploadState Next, ReportOutcome Outcome) Report(ClientId client, PushReport report, DateTimeOffset? startedAt, DateTimeOffset now)
    {
        if (Find(client) is not { } target || report.Attempt > target.Attempt || report.Status == PushStatus.Pending)
        {
            return (this, ReportOutcome.UnknownUpload);
        }

        bool isLate = report.Attempt == target.Attempt && target.IsTakenBack && report.Status is (PushStatus.Success or PushStatus.Ignored);
        if (report.Attempt < target.Attempt || (target.Status != PushStatus.Pending && !isLate))
        {
            return (this, target.IsTakenBack ? ReportOutcome.UnknownUpload : ReportOutcome.Recorded);
        }

        TargetState ended = target with
        {
            Status = report.Status,
            Message = Cut(isLate ? $"{report.Message} (taken back too late: {target.Message})" : report.Message, MaxMessageLength),
            FilePath = Cut(report.FilePath, MaxFilePathLength),
            Size = report.Size,
            StartedAt = startedAt,
            FinishedAt = now,
        };
        return (Set(target, ended).EndIfDone(now), ReportOutcome.Recorded);
    }

    /// <summary>A target that could not even be given its order.</summary>
    public UploadState Refuse(ClientId client, int attempt, string message, DateTimeOffset now) =>
        Report(client, new PushReport(Request.Order.Upload, PushStatus.Error, message, "", 0, attempt), null, now).Next;

    /// <summary>Ends what is pending; <c>this</c> where nothing is.</summary>
    public UploadState Cancel(DateTimeOffset now) => TakeBack(PushStatus.Canceled, _ => "canceled", now);

    /// <summary>Ends what is pending once the deadline has passed.</summary>
    /// <param name="underWay">Whether a client is known to be fetching.</param>
    /// <param name="now">The time.</param>
    public UploadState Expire(Func<ClientId, bool> underWay, DateTimeOffset now)
    {
        if (now < ExpiresAt)
        {
            return this;
        }

        string deadline = ExpiresAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";
        return TakeBack(
            PushStatus.Expired,
            client => underWay(client) ? $"not finished before the deadline {deadline}" : $"the client could not be reached before the deadline {deadline}",
            now);
    }

    /// <summary>Makes failed targets pending again under a new attempt.</summary>
    /// <param name="expiresAt">The new deadline.</param>
    /// <param name="offline">Targets that fail again at once, since they are offline.</param>
    /// <param name="now">The time.</param>
    public (UploadState Next, RetryOutcome Outcome) Retry(DateTimeOffset expiresAt, IReadOnlySet<ClientId> offline, DateTimeOffset now)
    {
        if (Counts.Failed == 0)
        {
            return (this, RetryOutcome.NothingFailed);
        }

        if (PayloadReleased)
        {
            return (this, RetryOutcome.PayloadGone);
        }

        int attempt = Attempt + 1;
        var targets = Targets.ToBuilder();
        TargetCounts counts = Counts;
        for (int i = 0; i < targets.Count; i++)
        {
            if (targets[i] is { HasFailed: true } failed)
            {
                targets[i] = offline.Contains(failed.Client) ? TargetState.NotConnected(failed.Client, attempt, now) : new TargetState(failed.Client) { Attempt = attempt };
                counts = counts.Move(failed.Status, targets[i].Status);
            }
        }

        UploadState next = this with { Attempt = attempt, Targets = targets.ToImmutable(), Counts = counts, ExpiresAt = expiresAt, FinishedAt = null };
        return (next.EndIfDone(now), RetryOutcome.Retried);
    }

    /// <summary>Gives the payload up once the time for a retry is over.</summary>
    public UploadState ReleasePayload(DateTimeOffset now) => PayloadDueAt <= now ? this with { PayloadReleased = true } : this;

    public UploadSummary Summarize() => new(
        Request.Order.Upload,
        Request.Order.Destination,
        Request.Order.Size,
        Request.CreatedBy,
        CreatedAt,
        FinishedAt,
        Targets.Count,
        Counts.Pending,
        Counts.Succeeded,
        Counts.Ignored,
        Counts.Failed);

    private UploadState TakeBack(PushStatus status, Func<ClientId, string> message, DateTimeOffset now)
    {
        if (Counts.Pending == 0)
        {
            return this;
        }

        var targets = Targets.ToBuilder();
        TargetCounts counts = Counts;
        for (int i = 0; i < targets.Count; i++)
        {
            TargetState target = targets[i];
            if (target.Status == PushStatus.Pending)
            {
                counts = counts.Move(target.Status, status);
                targets[i] = target with { Status = status, Message = message(target.Client), FinishedAt = now };
            }
        }

        return (this with { Targets = targets.ToImmutable(), Counts = counts, OwesWithdrawals = true }).EndIfDone(now);
    }

    private UploadState Set(TargetState from, TargetState to) => this with
    {
        Targets = Targets.SetItem(Index[to.Client], to),
        Counts = Counts.Move(from.Status, to.Status),
    };

    private UploadState EndIfDone(DateTimeOffset now) => Counts.Pending > 0
        ? this
        : this with { FinishedAt = FinishedAt ?? now, PayloadReleased = PayloadReleased || Counts.Failed == 0 || Request.RetryWindow <= TimeSpan.Zero };

    private static string Cut(string text, int max) => text.Length <= max ? text : text[..max];
}
