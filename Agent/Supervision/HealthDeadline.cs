namespace RPort.Agent.Supervision;

/// <summary>
/// Until when the next sign of progress must come. Whoever is about to wait says how long that takes; a program that is stuck lets the
/// deadline pass, and the watchdog is then told nothing more.
/// </summary>
internal sealed class HealthDeadline(TimeProvider clock)
{
    // Waits end late on a loaded machine.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    private long _deadline = long.MaxValue;

    public bool IsMet => clock.GetTimestamp() <= Interlocked.Read(ref _deadline);

    public void Expect(TimeSpan within) =>
        Interlocked.Exchange(ref _deadline, clock.GetTimestamp() + (long)((within + Slack).TotalSeconds * clock.TimestampFrequency));
}
