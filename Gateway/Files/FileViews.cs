using System.Globalization;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Files;

/// <summary>The answer to a push: stored and on its way, not yet delivered.</summary>
internal sealed record PushedView(string Uuid, string Filepath, long Size);

/// <summary>A push in a list.</summary>
internal sealed record FileSummaryView(
    string Uuid, string Filepath, long Size, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt,
    int Clients, int Pending, int Success, int Ignored, int Failed)
{
    public static FileSummaryView From(UploadSummary push) => new(
        push.Id.Value, push.Destination, push.Size, push.CreatedBy, push.CreatedAt, push.FinishedAt,
        push.Targets, push.Pending, push.Succeeded, push.Ignored, push.Failed);
}

/// <summary>A push with every client.</summary>
internal sealed record FileView
{
    public required string Uuid { get; init; }
    public required string Filepath { get; init; }
    public required long Size { get; init; }
    /// <summary>The uploaded file's own name.</summary>
    public required string SourceName { get; init; }
    /// <summary>Hex.</summary>
    public required string Md5 { get; init; }
    /// <summary>Hex.</summary>
    public required string Sha256 { get; init; }
    /// <summary>Octal; null where the agent decides.</summary>
    public required string? Mode { get; init; }
    public required string User { get; init; }
    public required string Group { get; init; }
    public required bool Force { get; init; }
    public required bool Sync { get; init; }
    public required bool Lenient { get; init; }
    public required int MaxConcurrent { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required DateTimeOffset? FinishedAt { get; init; }
    /// <summary>True while the file is kept, for unfinished clients or for a retry.</summary>
    public required bool PayloadKept { get; init; }
    public required IReadOnlyList<FileClientView> Clients { get; init; }

    public static FileView From(UploadView push)
    {
        PushOrder order = push.Request.Order;
        return new FileView
        {
            Uuid = push.Id.Value,
            Filepath = order.Destination,
            Size = order.Size,
            SourceName = push.Request.SourceName,
            Md5 = Hex(order.Md5),
            Sha256 = Hex(order.Sha256),
            Mode = order.Mode is { } mode ? "0" + Convert.ToString(mode, 8).PadLeft(3, '0') : null,
            User = order.Owner,
            Group = order.Group,
            Force = order.Force,
            Sync = order.Sync,
            Lenient = order.LenientOwnership,
            MaxConcurrent = push.Request.MaxConcurrent,
            CreatedBy = push.Request.CreatedBy,
            CreatedAt = push.CreatedAt,
            ExpiresAt = push.Request.ExpiresAt,
            FinishedAt = push.FinishedAt,
            PayloadKept = push.PayloadKept,
            Clients = [.. push.Targets.Select(FileClientView.From)],
        };
    }

    private static string Hex(string base64) => Convert.ToHexStringLower(Convert.FromBase64String(base64));
}

/// <summary>One client of a push.</summary>
internal sealed record FileClientView(
    string ClientId, string Status, string Message, string Filepath, long Size, long Bytes, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt)
{
    public static FileClientView From(UploadTargetView target) => new(
        target.Client.Value, StatusText(target.Status), target.Message, target.FilePath, target.Size, target.Bytes, target.StartedAt, target.FinishedAt);

    public static string StatusText(PushStatus status) => status.ToString().ToLower(CultureInfo.InvariantCulture);
}
