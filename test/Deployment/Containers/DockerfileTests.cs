using System.Text.RegularExpressions;
using RPort.Deployment.Kubernetes;

namespace RPort.Deployment.Containers;

/// <summary>No container engine is needed: what the container files say is held against the tree.</summary>
public sealed partial class DockerfileTests
{
    public static TheoryData<string, string> Images => new() { { "gateway", "RPort.Gateway" }, { "silo", "RPort.Silo" }, { "agent", "rport-agent" } };

    [Theory]
    [MemberData(nameof(Images))]
    public void An_image_has_no_shell_and_does_not_run_as_root(string name, string program)
    {
        (string Verb, string Text)[] stage = [.. Lines(name).Reverse().TakeWhile(line => line.Verb != "FROM").Reverse()];
        string[] bases = [.. Lines(name).Where(line => line.Verb == "FROM").Select(line => line.Text)];
        Assert.Equal(2, bases.Length);
        Assert.Matches(@"^mcr\.microsoft\.com/dotnet/sdk:10\.0-noble AS build$", bases[0]);
        Assert.Matches(@"^mcr\.microsoft\.com/dotnet/runtime-deps:10\.0-noble-chiseled$", bases[1]);
        Assert.Equal("1654:1654", Assert.Single(stage, line => line.Verb == "USER").Text);
        Assert.Equal($"[\"/app/{program}\"]", Assert.Single(stage, line => line.Verb == "ENTRYPOINT").Text);
        Assert.DoesNotContain(stage, line => line.Verb is "RUN" or "ADD"); // nothing there could run it
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void An_image_publishes_a_project_that_makes_its_program(string name, string program)
    {
        Match publish = Assert.Single(Lines(name).Where(line => line.Verb == "RUN").Select(line => Publish().Match(line.Text)), match => match.Success);
        string project = publish.Groups[1].Value;
        string file = Path.Combine(Repository.Root, project, $"{project}.csproj");
        Assert.True(File.Exists(file), $"{file} does not exist.");
        string assembly = AssemblyName().Match(File.ReadAllText(file)) is { Success: true } own ? own.Groups[1].Value : $"RPort.{project}";
        Assert.Equal(program, assembly);
    }

    [Theory]
    [InlineData("gateway")]
    [InlineData("silo")]
    public void An_image_is_the_one_that_Kubernetes_runs_under_the_same_user(string name)
    {
        Assert.Matches($"/rport-{name}:", (string?)Manifests.Azure.Container(name)["image"]);
        Assert.Equal("1654:1654", $"{Manifests.Azure.Pod(name)["securityContext"]!["runAsUser"]}:{Manifests.Azure.Pod(name)["securityContext"]!["runAsGroup"]}");
    }

    [Fact]
    public void Settings_in_images_exist()
    {
        foreach ((string name, string[] known) in new[] { ("gateway", KnownSettings.OfGateway), ("silo", KnownSettings.OfSilo) })
        {
            string variable = Assert.Single(Lines(name), line => line.Verb == "ENV").Text.Split('=')[0];
            Assert.True(known.Knows(variable["RPORT_".Length..].Replace("__", ":", StringComparison.Ordinal)), variable);
        }
    }

    [Fact]
    public void The_context_leaves_out_what_is_built_and_keeps_what_is_compiled()
    {
        string[] ignored = [.. File.ReadAllLines(Path.Combine(Repository.Root, ".dockerignore")).Where(line => line.Length > 0 && line[0] != '#')];
        string[] built = ["**/bin", "**/obj", ".git", "artifacts", "data"];
        Assert.Empty(built.Except(ignored));
        string[] needed = ["Directory.Build.props", "Directory.Packages.props", "global.json", "Agent", "Gateway", "Silo", "Grains", "Grains.Abstractions", "Protocol", "Ssh"];
        Assert.Empty(ignored.Intersect(needed));
    }

    /// <summary>The instructions, comments left out.</summary>
    private static (string Verb, string Text)[] Lines(string name) => [.. File.ReadAllLines(Repository.Infra("containers", $"{name}.Dockerfile"))
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => Instruction().Match(line))
        .Select(match => match.Success ? (match.Groups[1].Value, match.Groups[2].Value) : throw new InvalidDataException("A line is no instruction."))];

    [GeneratedRegex("^(FROM|ARG|WORKDIR|COPY|RUN|ENV|EXPOSE|USER|ENTRYPOINT) (.+)$")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"dotnet publish (\w+) -c Release -r \$RID -o /out")]
    private static partial Regex Publish();

    [GeneratedRegex("<AssemblyName>([^<]+)<")]
    private static partial Regex AssemblyName();
}
