using RPort.Protocol;

namespace RPort.Load.Soak;

/// <summary>Compares what the server tells of a push that is over with what was asked for and with what the agents wrote.</summary>
internal static class PushCheck
{
    /// <param name="written">An agent's own result; null where it wrote none.</param>
    public static IEnumerable<string> Mistakes(PlannedPush push, PushView view, Func<string, UploadResult?> written)
    {
        if (view.Sha256 != Convert.ToHexStringLower(push.Sha256) || view.Size != push.Size)
        {
            yield return $"push {push.Id}: the server tells of another file ({view.Size} bytes, {view.Sha256})";
        }

        if (!view.Targets.Select(static target => target.Client).Order(StringComparer.Ordinal).SequenceEqual(push.Targets.Order(StringComparer.Ordinal)))
        {
            yield return $"push {push.Id}: the server tells of other clients than were asked for";
        }

        foreach (PushTargetView target in view.Targets)
        {
            if (Mistake(push, target, written(target.Client)) is { } mistake)
            {
                yield return $"push {push.Id} ({push.Kind}) to {target.Client}: {mistake}; the server tells {target}";
            }
        }
    }

    private static string? Mistake(PlannedPush push, PushTargetView target, UploadResult? written)
    {
        if (target.Status == UploadResult.Error && target.Message.Length == 0)
        {
            return "a failure without a reason";
        }

        if (written is not null)
        {
            return target.Status != written.Status || target.Message != written.Message || target.Path != written.FilePath || target.Size != written.Size
                ? $"not what the agent wrote, which is {written}"
                : Expected(push.Kind).Contains(target.Status) ? null : $"the agent ends a push that should end in {string.Join(" or ", Expected(push.Kind))}";
        }

        return target.Status != UploadResult.Error ? "the agent wrote nothing of the kind"
            : push.Kind is PushKind.AtOnce or PushKind.Refused ? null
            : "given up although agents that are away were to be waited for";
    }

    private static string[] Expected(PushKind kind) => kind switch
    {
        PushKind.Refused => [UploadResult.Error],
        PushKind.Ignored => [UploadResult.Success, UploadResult.Ignored],
        _ => [UploadResult.Success],
    };
}
