namespace RPort.Grains;

/// <summary>The silo process that a grain lives in.</summary>
/// <param name="Id">Random; a new one each time the process starts.</param>
/// <param name="HoldsGateway">True where gateway and silo are one process: then no session outlives it, and those of an earlier run are known to be dead.</param>
public sealed record SiloRun(string Id, bool HoldsGateway)
{
    /// <summary>A run of this process.</summary>
    public static SiloRun Start(bool holdsGateway) => new(Guid.NewGuid().ToString("N"), holdsGateway);
}
