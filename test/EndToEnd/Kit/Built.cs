namespace RPort.EndToEnd.Kit;

/// <summary>Where the programs under test were built.</summary>
internal static class Built
{
    public static string Root { get; } = FindRoot();

    public static string Gateway => Output("Gateway", "RPort.Gateway.dll");

    public static string Silo => Output("Silo", "RPort.Silo.dll");

    public static string Agent => Output("Agent", "rport-agent.dll");

    public static string Load => Output("test/Load", "RPort.Load.dll");

    private static string Output(string project, string file)
    {
        // The same configuration and framework as these tests: …/test/EndToEnd/bin/<configuration>/<framework>/
        string[] own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar);
        string path = Path.Combine(Root, project, "bin", own[^2], own[^1], file);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{project} is not built: {path}");
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RPort.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("These tests must run from inside the source tree.");
    }
}
