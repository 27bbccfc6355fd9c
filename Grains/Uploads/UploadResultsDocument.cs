using System.Collections.Immutable;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// How the targets of a push stand, as stored: one column per property in the order of the request's targets, texts once each, so that
/// 20,000 targets stay around a megabyte. Absent until the first change after the order.
/// </summary>
[GenerateSerializer]
internal sealed record UploadResultsDocument
{
    private const string Letters = "psiecx"; // PushStatus in its order; part of the stored form

    [Id(0)] public DateTimeOffset ExpiresAt { get; init; }
    [Id(1)] public int Attempt { get; init; }
    [Id(2)] public DateTimeOffset? FinishedAt { get; init; }
    [Id(3)] public bool PayloadReleased { get; init; }
    [Id(4)] public bool OwesWithdrawals { get; init; }

    /// <summary>One letter per target.</summary>
    [Id(5)] public string Statuses { get; init; } = "";
    [Id(6)] public int[] Attempts { get; init; } = [];
    [Id(7)] public long[] Sizes { get; init; } = [];

    /// <summary>Milliseconds since 1970; 0 for none.</summary>
    [Id(8)] public long[] StartedAt { get; init; } = [];

    /// <inheritdoc cref="StartedAt"/>
    [Id(9)] public long[] FinishedAtOf { get; init; } = [];

    /// <summary>Every distinct message and path; messages and paths are positions in it.</summary>
    [Id(10)] public string[] Texts { get; init; } = [];
    [Id(11)] public int[] Messages { get; init; } = [];
    [Id(12)] public int[] FilePaths { get; init; } = [];

    public static UploadResultsDocument From(UploadState state)
    {
        int count = state.Targets.Count;
        var texts = new Dictionary<string, int>();
        var document = new UploadResultsDocument
        {
            ExpiresAt = state.ExpiresAt,
            Attempt = state.Attempt,
            FinishedAt = state.FinishedAt,
            PayloadReleased = state.PayloadReleased,
            OwesWithdrawals = state.OwesWithdrawals,
            Statuses = string.Create(count, state.Targets, static (letters, targets) =>
            {
                int at = 0;
                foreach (TargetState target in targets)
                {
                    letters[at++] = Letters[(int)target.Status];
                }
            }),
            Attempts = new int[count],
            Sizes = new long[count],
            StartedAt = new long[count],
            FinishedAtOf = new long[count],
            Messages = new int[count],
            FilePaths = new int[count],
        };
        int i = 0;
        foreach (TargetState target in state.Targets)
        {
            document.Attempts[i] = target.Attempt;
            document.Sizes[i] = target.Size;
            document.StartedAt[i] = target.StartedAt?.ToUnixTimeMilliseconds() ?? 0;
            document.FinishedAtOf[i] = target.FinishedAt?.ToUnixTimeMilliseconds() ?? 0;
            document.Messages[i] = PositionOf(target.Message, texts);
            document.FilePaths[i] = PositionOf(target.FilePath, texts);
            i++;
        }

        return document with { Texts = [.. texts.OrderBy(text => text.Value).Select(text => text.Key)] };
    }

    public UploadState ToState(UploadOrderDocument order)
    {
        UploadState first = UploadState.Create(order.Request!, order.CreatedAt);
        var targets = first.Targets.Select((target, i) => target with
        {
            Status = (PushStatus)Letters.IndexOf(Statuses[i]),
            Attempt = Attempts[i],
            Size = Sizes[i],
            StartedAt = Time(StartedAt[i]),
            FinishedAt = Time(FinishedAtOf[i]),
            Message = Texts[Messages[i]],
            FilePath = Texts[FilePaths[i]],
        });
        return UploadState.Restore(order.Request!, order.CreatedAt, ExpiresAt, targets.ToImmutableList()) with
        {
            Attempt = Attempt,
            FinishedAt = FinishedAt,
            PayloadReleased = PayloadReleased,
            OwesWithdrawals = OwesWithdrawals,
        };
    }

    private static int PositionOf(string text, Dictionary<string, int> texts)
    {
        if (!texts.TryGetValue(text, out int position))
        {
            texts.Add(text, position = texts.Count);
        }

        return position;
    }

    private static DateTimeOffset? Time(long milliseconds) => milliseconds == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
