using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd;

/// <summary>What somebody tries first at a program: it says what it is and ends, or what it did not understand; it never starts by mistake.</summary>
public sealed class CommandLineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string, string> Programs => new()
    {
        { Built.Gateway, "RPort.Gateway" },
        { Built.Silo, "RPort.Silo" },
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_program_tells_its_version_and_ends(string program, string name)
    {
        (int code, string output) = await RunAsync(program, "--version");

        Assert.Equal(0, code);
        Assert.Matches($@"^{name} \d+\.\d+\.\d+$", output);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_program_tells_its_options_and_ends(string program, string name)
    {
        (int code, string output) = await RunAsync(program, "--help");

        Assert.Equal(0, code);
        Assert.Contains($"Usage: {name} [--config FILE]", output, StringComparison.Ordinal);
        Assert.Contains("Cluster:Mode = ", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_program_names_the_argument_it_does_not_understand(string program, string name)
    {
        (int code, string output) = await RunAsync(program, "--verbose");

        Assert.Equal(78, code);
        Assert.Equal("Argument '--verbose' has no value; settings have the form --Section:Key=VALUE (see --help).", output);
        Assert.DoesNotContain(name, output, StringComparison.Ordinal); // no stack trace
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, string argument)
    {
        using TempFolder folder = new();
        await using ChildProcess process = new("program", "dotnet", [program, argument], workingDirectory: folder.Path);
        await process.ExitAsync(Patience);
        return (process.ExitCode, process.Output);
    }
}
