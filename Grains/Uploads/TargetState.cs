using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>One target of a push.</summary>
internal sealed record TargetState(ClientId Client)
{
    public PushStatus Status { get; init; }
    /// <summary>The attempt that is under way or ended.</summary>
    public int Attempt { get; init; }
    public string Message { get; init; } = "";
    public string FilePath { get; init; } = "";
    public long Size { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Whether a retry carries it out again.</summary>
    public bool HasFailed => Status is PushStatus.Error or PushStatus.Canceled or PushStatus.Expired;

    /// <summary>Whether it was ended from here, so that its client must be told to stop.</summary>
    public bool IsTakenBack => Status is PushStatus.Canceled or PushStatus.Expired;

    /// <summary>Whether its client may hold an order that was taken back: also one that a retry failed at once, before the withdrawal went out.</summary>
    public bool MayHoldWithdrawn => IsTakenBack || (Status == PushStatus.Error && Attempt > 0);

    /// <summary>A target that is offline where a push does not wait for those.</summary>
    public static TargetState NotConnected(ClientId client, int attempt, DateTimeOffset now) =>
        new(client) { Attempt = attempt, Status = PushStatus.Error, Message = "client is not connected", FinishedAt = now };

    public UploadTargetView View(long bytes, DateTimeOffset? startedAt) => new(
        Client,
        Status,
        Status == PushStatus.Pending ? bytes : Size,
        Message,
        FilePath,
        Size,
        StartedAt ?? startedAt,
        FinishedAt);
}
