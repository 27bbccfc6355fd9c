using System.Runtime.InteropServices;

namespace RPort.Agent.Files;

/// <summary>A folder held open. Owns its handle; without one (systems that cannot address by handle) it is only the path.</summary>
internal sealed class DestinationFolder(string actualPath, string basePath, SafeHandle? handle) : IDisposable
{
    /// <summary>Where the folder is now, links followed.</summary>
    public string ActualPath => actualPath;

    /// <summary>A path to a name in this folder.</summary>
    public string PathOf(string name) => Path.Join(basePath, name);

    public void Dispose() => handle?.Dispose();
}
