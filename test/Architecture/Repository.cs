namespace RPort.Architecture;

/// <summary>The checked-out tree these tests look at.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static readonly string[] ProductFolders = ["Ssh", "Protocol", "Grains.Abstractions", "Grains", "Silo", "Gateway", "Agent"];

    /// <summary>The C# sources below a folder, build output left out, as (path relative to the root, text).</summary>
    public static IEnumerable<(string Path, string Text)> Sources(string folder) =>
        from file in Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(Root, file)
        where !relative.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules")
        orderby relative
        select (relative, File.ReadAllText(file));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RPort.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("These tests look at the source tree and must run from inside it.");
    }
}
