using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>The answer to everything that needs more than one process.</summary>
internal static class SingleProcess
{
    public static OrleansConfigurationException Cannot(string what) => new(
        $"{what} needs Microsoft Orleans, and this build has its single-process stand-in. Build with -p:FullRegistry=true "
        + "against a package registry that holds the Microsoft.Orleans packages, or run as a single process.");
}
