using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace RPort.Deployment.Kubernetes;

/// <summary>What `kubectl kustomize` makes of a folder.</summary>
internal sealed partial class Manifests
{
    private static readonly Lazy<Manifests> BuiltBase = new(() => Build("base"));
    private static readonly Lazy<Manifests> BuiltAzure = new(() => Build("overlays/azure"));

    private Manifests(string text) => Documents = [.. DocumentMark().Split(text).Where(part => part.Trim().Length > 0).Select(Parse)];

    public static Manifests Base => BuiltBase.Value;

    public static Manifests Azure => BuiltAzure.Value;

    public JsonObject[] Documents { get; }

    public static Manifests Of(string name) => name == "base" ? Base : Azure;

    public JsonObject[] OfKind(string kind) => [.. Documents.Where(document => (string?)document["kind"] == kind)];

    public JsonObject Get(string kind, string name) => OfKind(kind).Single(document => (string?)document["metadata"]!["name"] == name);

    /// <summary>The pod template's spec of a StatefulSet.</summary>
    public JsonNode Pod(string name) => Get("StatefulSet", name)["spec"]!["template"]!["spec"]!;

    public JsonNode Container(string name) => Pod(name)["containers"]!.AsArray().Single()!;

    public JsonObject Labels(string name) => Get("StatefulSet", name)["spec"]!["template"]!["metadata"]!["labels"]!.AsObject();

    /// <summary>Environment of a program: what its ConfigMaps and the container itself set.</summary>
    public Dictionary<string, string> Environment(string name)
    {
        JsonNode container = Container(name);
        Dictionary<string, string> environment = [];
        foreach (JsonNode? source in container["envFrom"]!.AsArray())
        {
            foreach ((string key, JsonNode? value) in Get("ConfigMap", (string)source!["configMapRef"]!["name"]!)["data"]!.AsObject())
            {
                environment[key] = (string)value!;
            }
        }

        foreach (JsonNode? variable in container["env"]!.AsArray())
        {
            environment[(string)variable!["name"]!] = (string?)variable["value"] ?? $"from {variable["valueFrom"]!.ToJsonString()}";
        }

        return environment;
    }

    /// <summary>Files a SecretProviderClass mounts: the secret's name in the vault, and the file's.</summary>
    public IEnumerable<(string Name, string File)> MountedSecrets(string name)
    {
        JsonNode objects = Parse((string)Get("SecretProviderClass", name)["spec"]!["parameters"]!["objects"]!);
        return objects["array"]!.AsArray().Select(item => JsonNode.Parse((string)item!)!).Select(item => ((string)item["objectName"]!, (string)item["objectAlias"]!));
    }

    private static Manifests Build(string folder) => Command.Run("kubectl", ["kustomize", Repository.Infra("kubernetes", folder)]) is { ExitCode: 0 } result
        ? new(result.Output)
        : throw new InvalidOperationException($"`kubectl kustomize` (of kubectl 1.21 or later) failed for {folder}.");

    private static JsonObject Parse(string yaml)
    {
        object? graph = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(yaml);
        string json = new SerializerBuilder().JsonCompatible().Build().Serialize(graph!);
        return JsonSerializer.Deserialize<JsonObject>(json)!;
    }

    [GeneratedRegex("^---$", RegexOptions.Multiline)]
    private static partial Regex DocumentMark();
}
