namespace RPort.Grains.Tests.Kit;

/// <summary>Tests that measure run with no other test beside them.</summary>
[CollectionDefinition(Alone, DisableParallelization = true)]
public sealed class Figures
{
    public const string Alone = "figures";
}
