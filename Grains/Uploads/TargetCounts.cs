using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>How many targets stand where; kept along with every change so that nobody counts 20,000 targets per report.</summary>
internal readonly record struct TargetCounts(int Pending, int Succeeded, int Ignored, int Failed)
{
    public TargetCounts Move(PushStatus from, PushStatus to) => from == to ? this : Add(from, -1).Add(to, 1);

    public TargetCounts Add(PushStatus status, int count) => status switch
    {
        PushStatus.Pending => this with { Pending = Pending + count },
        PushStatus.Success => this with { Succeeded = Succeeded + count },
        PushStatus.Ignored => this with { Ignored = Ignored + count },
        _ => this with { Failed = Failed + count },
    };
}
