namespace RPort.Deployment;

/// <summary>The checked-out tree, whose infra/ these tests look at.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Infra(params string[] parts) => Path.Combine([Root, "infra", .. parts]);

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
