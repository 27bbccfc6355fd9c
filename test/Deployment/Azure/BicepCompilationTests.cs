namespace RPort.Deployment.Azure;

public sealed class BicepCompilationTests
{
    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Repository.Infra("azure"), "*.bicepparam", SearchOption.AllDirectories)
        .Append(Repository.Infra("azure", "main.bicep"))
        .Select(file => Path.GetRelativePath(Repository.Root, file))];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_compiles_without_a_warning(string file)
    {
        CommandResult result = Bicep.Compile(file);

        // The compiler ends with 0 even where a property has the wrong type; it says so in a warning.
        Assert.True(result.ExitCode == 0 && result.Errors.Trim().Length == 0, $"{file}:\n{result.Errors}");
    }

    [Fact]
    public void Every_module_is_used_by_main()
    {
        string main = File.ReadAllText(Repository.Infra("azure", "main.bicep"));
        string[] modules = [.. Directory.EnumerateFiles(Repository.Infra("azure", "modules"), "*.bicep").Select(file => $"'modules/{Path.GetFileName(file)}'")];
        Assert.NotEmpty(modules);
        Assert.All(modules, module => Assert.Contains(module, main, StringComparison.Ordinal));
    }

    [Fact]
    public void Both_sizes_have_parameters() => Assert.Equal(
        ["large.bicepparam", "small.bicepparam"], Directory.EnumerateFiles(Repository.Infra("azure", "parameters")).Select(Path.GetFileName).Order());
}
