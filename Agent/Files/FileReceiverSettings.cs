namespace RPort.Agent.Files;

/// <summary>What file reception needs to know besides the operator's options: set by the host, tightened by tests.</summary>
internal sealed record FileReceiverSettings
{
    /// <summary>The agent's configuration file, which no push may replace; null where there is none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>How long a result is remembered once the gateway has recorded it, so that a late repetition of the order is answered and not done again.</summary>
    public TimeSpan ResultRetention { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Results remembered at most; those recorded longest ago go first.</summary>
    public int MaxResults { get; init; } = 2_000;

    /// <summary>Age at which leftovers of pushes that never came again are removed at start.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Waits before a fetch that broke off is continued on the same connection; afterwards the push fails. Bytes received start the count anew.</summary>
    public IReadOnlyList<TimeSpan> FetchRetries { get; init; } = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15)];

    /// <summary>Wait before results that could not be reported are reported again on the same connection; doubles up to eight times this.</summary>
    public TimeSpan ReportRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for the gateway's answer to one report.</summary>
    public TimeSpan ReportTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The sudo to run; looked up in PATH where it is a bare name.</summary>
    public string Sudo { get; init; } = "sudo";

    /// <summary>Longest run of one sudo command: moving a large file to another disk takes its time.</summary>
    public TimeSpan SudoTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Called when a push reaches a stage; a call that never returns is as good as a crash at that point.</summary>
    public Func<PushStage, Task>? Reached { get; init; }
}

/// <summary>Points a push passes, in order.</summary>
internal enum PushStage
{
    /// <summary>The journal knows the push; nothing is fetched yet.</summary>
    Started,
    /// <summary>The content is whole and verified in the staging file.</summary>
    Fetched,
    /// <summary>The journal says that the file is about to be placed.</summary>
    Intended,
    /// <summary>The file is in place, the journal does not say so yet.</summary>
    Placed,
    /// <summary>The journal holds the result; it is not reported yet.</summary>
    Recorded,
}
