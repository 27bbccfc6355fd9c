namespace RPort.Grains;

/// <summary>The silo process that a grain lives in.</summary>
/// <param name="Id">Random; a new one each time the process starts.</param>
/// <param name="HoldsGateway">True where gateway and silo are one process: then no session outlives it, and those of an earlier run are known to be dead.</param>
/// <param name="Leaving">
/// Fires a few seconds after this process was told to stop. A silo waits for the calls that run in its grains, so a call that waits for a machine must end then.
/// </param>
public sealed record SiloRun(string Id, bool HoldsGateway, CancellationToken Leaving)
{
    /// <summary>How long calls that wait for a machine may go on after the process was told to stop.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>A run of this process.</summary>
    /// <param name="holdsGateway">Whether this process is also the only gateway.</param>
    /// <param name="stopping">Fires when the process is told to stop.</param>
    public static SiloRun Start(bool holdsGateway, CancellationToken stopping)
    {
        CancellationTokenSource leaving = new(); // lives as long as the process
        stopping.Register(() => leaving.CancelAfter(Grace));
        return new SiloRun(Guid.NewGuid().ToString("N"), holdsGateway, leaving.Token);
    }
}
