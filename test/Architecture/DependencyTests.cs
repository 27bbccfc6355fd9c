using System.Xml.Linq;

namespace RPort.Architecture;

/// <summary>The direction of dependencies, as docs/architecture.md states it, with the reason for each edge that must never appear.</summary>
public sealed class DependencyTests
{
    private static readonly Dictionary<string, string[]> AllowedProjects = new()
    {
        ["Ssh"] = [],
        ["Protocol"] = [],
        ["Grains.Abstractions"] = [],
        ["Grains"] = ["Grains.Abstractions"],
        ["Silo"] = ["Grains"],
        ["Gateway"] = ["Ssh", "Protocol", "Grains.Abstractions", "Silo"],
        ["Agent"] = ["Ssh", "Protocol"],
    };

    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["Ssh"] = "the SSH layer knows no HTTP, no grains and no RPort, so that OpenSSH alone can judge it",
        ["Protocol"] = "messages are shared by both ends and must not pull either end in",
        ["Grains.Abstractions"] = "grain interfaces are what gateways code against; they bring Orleans' own attributes and code generation, and nothing else",
        ["Grains"] = "grains decide and hold state: no sockets, no HTTP, no payload bytes, so no transport and no gateway",
        ["Silo"] = "a silo hosts grains and nothing that talks to agents or operators",
        ["Gateway"] = "a gateway reaches state only through grain interfaces",
        ["Agent"] = "the agent is one small ahead-of-time compiled program: no ASP.NET, no grains",
    };

    private static readonly Dictionary<string, string[]> AllowedPackages = new()
    {
        ["Ssh"] = [],
        ["Protocol"] = [],
        ["Grains.Abstractions"] = ["Microsoft.Orleans.Sdk"],
        ["Grains"] = ["Microsoft.Orleans.Sdk", "Microsoft.Orleans.Runtime"],
        ["Agent"] = ["System.CommandLine", "Microsoft.Extensions.Logging.Abstractions"],
    };

    public static TheoryData<string> Projects => [.. AllowedProjects.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_the_table_allows(string project)
    {
        string[] referenced = [.. Items(project, "ProjectReference")
            .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))];
        string[] forbidden = [.. referenced.Except(AllowedProjects[project])];
        Assert.True(forbidden.Length == 0, $"{project} must not reference {string.Join(", ", forbidden)}: {Reasons[project]}.");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_names_only_the_namespaces_the_table_allows(string project)
    {
        string[] ours = [.. AllowedProjects.Keys.Where(name => name != project && !Reachable(project).Contains(name))];
        foreach ((string path, string text) in Repository.Sources(project))
        {
            foreach (string other in ours)
            {
                Assert.False(
                    text.Contains($"using RPort.{other};", StringComparison.Ordinal) || text.Contains($"using RPort.{other}.", StringComparison.Ordinal) && other != "Grains",
                    $"{path} uses RPort.{other}: {Reasons[project]}.");
            }
        }
    }

    [Fact]
    public void Small_projects_bring_no_packages_along()
    {
        foreach ((string project, string[] allowed) in AllowedPackages)
        {
            string[] extra = [.. Items(project, "PackageReference").Except(allowed)];
            Assert.True(extra.Length == 0, $"{project} must not use {string.Join(", ", extra)}: {Reasons[project]}.");
        }
    }

    [Theory]
    [InlineData("Ssh")]
    [InlineData("Protocol")]
    [InlineData("Agent")]
    public void What_runs_in_the_agent_stays_compatible_with_ahead_of_time_compilation(string project) =>
        Assert.Equal("true", Document(project).Descendants("IsAotCompatible").Single().Value);

    [Fact]
    public void Grains_open_no_sockets_files_or_HTTP()
    {
        string[] banned = ["System.Net.Sockets", "System.Net.Http", "Microsoft.AspNetCore", "Azure.", "System.Net.WebSockets", "File.Open", "FileStream"];
        foreach ((string path, string text) in Repository.Sources("Grains"))
        {
            Assert.All(banned, name => Assert.False(text.Contains(name, StringComparison.Ordinal), $"{path} uses {name}: {Reasons["Grains"]}."));
        }
    }

    [Fact]
    public void No_byte_buffer_crosses_a_grain_call()
    {
        string[] banned = ["byte[]", "ReadOnlyMemory<byte>", "ImmutableArray<byte>", "Stream "];
        foreach ((string path, string text) in Repository.Sources("Grains.Abstractions"))
        {
            Assert.All(banned, name => Assert.False(text.Contains(name, StringComparison.Ordinal), $"{path} carries {name.Trim()}: payload bytes never pass through a grain call."));
        }
    }

    private static HashSet<string> Reachable(string project)
    {
        HashSet<string> found = [];
        Queue<string> open = new(AllowedProjects[project]);
        while (open.TryDequeue(out string? next))
        {
            if (found.Add(next))
            {
                AllowedProjects[next].ToList().ForEach(open.Enqueue);
            }
        }

        return found;
    }

    private static IEnumerable<string> Items(string project, string kind) =>
        Document(project).Descendants(kind).Select(item => item.Attribute("Include")!.Value);

    private static XDocument Document(string project) => XDocument.Load(Path.Combine(Repository.Root, project, $"{project}.csproj"));
}
