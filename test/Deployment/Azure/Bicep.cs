using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Nodes;

namespace RPort.Deployment.Azure;

/// <summary>The published Bicep compiler.</summary>
internal static class Bicep
{
    private const string MainFile = "infra/azure/main.bicep";

    private static readonly ConcurrentDictionary<string, Lazy<CommandResult>> Compiled = new();
    private static readonly Lazy<JsonObject> CompiledMain = new(() => JsonNode.Parse(Compile(MainFile).OrThrow().Output)!.AsObject());

    private static readonly string Program = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Bicep").Value!;

    // What an installation's owner would set; parameter files read them.
    private static readonly Dictionary<string, string> OwnersSettings = new()
    {
        ["RPORT_OPERATOR_GROUP"] = "00000000-0000-0000-0000-000000000001",
        ["RPORT_OPERATOR_NETWORKS"] = "198.51.100.0/24,203.0.113.7/32",
        ["RPORT_TUNNEL_ZONE"] = "tunnels.example.com",
        ["RPORT_ALERT_EMAIL"] = "operators@example.com",
    };

    /// <summary>infra/azure/main.bicep with its modules, as the template that Azure is sent.</summary>
    public static JsonObject Main => CompiledMain.Value;

    /// <summary>Compiles a file, once, to standard output.</summary>
    public static CommandResult Compile(string file) => Compiled.GetOrAdd(file, static file => new Lazy<CommandResult>(() => Run(file))).Value;

    /// <summary>The compiler needs a home folder that it may write to.</summary>
    private static CommandResult Run(string file) => Command.Run(
        Program, [file.EndsWith(".bicepparam", StringComparison.Ordinal) ? "build-params" : "build", "--stdout", file], new Dictionary<string, string>(OwnersSettings)
        {
            ["HOME"] = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "bicep-home")).FullName,
            ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1",
        });

    /// <summary>All resources, those of modules included, with the name of their module.</summary>
    public static IEnumerable<(string Module, JsonObject Resource)> Resources => Of("main", Main);

    private static IEnumerable<(string Module, JsonObject Resource)> Of(string module, JsonObject template)
    {
        IEnumerable<(string Name, JsonObject Resource)> resources = template["resources"] is JsonObject named
            ? named.Select(pair => (pair.Key, pair.Value!.AsObject()))
            : template["resources"]!.AsArray().Select(item => ("", item!.AsObject()));
        foreach ((string name, JsonObject resource) in resources)
        {
            if ((string?)resource["type"] == "Microsoft.Resources/deployments")
            {
                foreach ((string, JsonObject) inner in Of(name, resource["properties"]!["template"]!.AsObject()))
                {
                    yield return inner;
                }
            }
            else if ((bool?)resource["existing"] != true)
            {
                yield return (module, resource);
            }
        }
    }
}
