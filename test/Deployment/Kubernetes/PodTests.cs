using System.Globalization;
using System.Text.Json.Nodes;

namespace RPort.Deployment.Kubernetes;

/// <summary>How silos and gateways run.</summary>
public sealed class PodTests
{
    private const int HostStopSeconds = 30; // how long .NET's host waits for its services

    public static TheoryData<string, string> Programs => new() { { "base", "silo" }, { "base", "gateway" }, { "azure", "silo" }, { "azure", "gateway" } };

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_pod_has_no_more_rights_than_it_needs(string folder, string name)
    {
        JsonNode pod = Manifests.Of(folder).Pod(name);
        JsonNode context = pod["securityContext"]!;
        Assert.True((bool)context["runAsNonRoot"]!);
        Assert.True((int)context["runAsUser"]! > 0);
        Assert.Equal("RuntimeDefault", (string?)context["seccompProfile"]!["type"]);
        Assert.False((bool)pod["automountServiceAccountToken"]!);
        Assert.Equal(name, (string?)pod["serviceAccountName"]);
        Assert.Contains(Manifests.Of(folder).OfKind("ServiceAccount"), account => (string?)account["metadata"]!["name"] == name);
        JsonNode container = Manifests.Of(folder).Container(name)["securityContext"]!;
        Assert.False((bool)container["allowPrivilegeEscalation"]!);
        Assert.True((bool)container["readOnlyRootFilesystem"]!);
        Assert.Equal(["ALL"], container["capabilities"]!["drop"]!.AsArray().Select(item => (string?)item));
        Assert.Null(container["capabilities"]!["add"]);
        Assert.Null(container["privileged"]);
        Assert.Null(pod["hostPID"]);
        Assert.Null(pod["hostIPC"]);
        Assert.DoesNotContain(pod["volumes"]!.AsArray(), volume => volume!["hostPath"] is not null);
    }

    [Fact]
    public void Only_gateways_on_Azure_use_the_network_of_their_node()
    {
        Assert.True((bool)Manifests.Azure.Pod("gateway")["hostNetwork"]!);
        Assert.Equal("ClusterFirstWithHostNet", (string?)Manifests.Azure.Pod("gateway")["dnsPolicy"]);
        Assert.All(new[] { Manifests.Azure.Pod("silo"), Manifests.Base.Pod("silo"), Manifests.Base.Pod("gateway") }, pod => Assert.Null(pod["hostNetwork"]));
        Assert.Equal("restricted", (string?)Manifests.Base.Get("Namespace", "rport")["metadata"]!["labels"]!["pod-security.kubernetes.io/enforce"]);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Probes_ask_the_port_that_answers_them(string folder, string name)
    {
        Manifests manifests = Manifests.Of(folder);
        JsonNode container = manifests.Container(name);
        Dictionary<string, string> environment = manifests.Environment(name);
        string address = name == "silo" ? environment["RPORT_Health__Url"] : environment["RPORT_Api__Address"];
        string scheme = name == "silo" ? "HTTP" : "HTTPS";
        foreach ((string probe, string path) in new[] { ("startupProbe", "/health/live"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready") })
        {
            JsonNode get = container[probe]!["httpGet"]!;
            Assert.Equal(path, (string?)get["path"]);
            Assert.Equal(scheme, (string?)get["scheme"] ?? "HTTP");
            Assert.EndsWith($":{Port(container, (string)get["port"]!)}", address, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_stop_has_the_time_it_needs(string folder, string name)
    {
        Manifests manifests = Manifests.Of(folder);
        int grace = (int)manifests.Pod(name)["terminationGracePeriodSeconds"]!;
        double needed = HostStopSeconds;
        if (name == "gateway")
        {
            needed += (int)manifests.Container(name)["lifecycle"]!["preStop"]!["sleep"]!["seconds"]!;
            needed += TimeSpan.Parse(manifests.Environment(name)["RPORT_Agents__DrainTime"], CultureInfo.InvariantCulture).TotalSeconds;
        }

        Assert.InRange(grace, needed + 5, needed + 60);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Memory_is_bounded_and_the_processor_is_asked_for_but_not_throttled(string folder, string name)
    {
        JsonNode resources = Manifests.Of(folder).Container(name)["resources"]!;
        Assert.NotNull(resources["requests"]!["cpu"]);
        Assert.NotNull(resources["requests"]!["memory"]);
        Assert.NotNull(resources["limits"]!["memory"]);
        Assert.Null(resources["limits"]!["cpu"]);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Pods_spread_over_zones_and_nodes(string folder, string name)
    {
        JsonArray spread = Manifests.Of(folder).Pod(name)["topologySpreadConstraints"]!.AsArray();
        Assert.Equal(["kubernetes.io/hostname", "topology.kubernetes.io/zone"], spread.Select(item => (string?)item!["topologyKey"]).Order());
        Assert.All(spread, item => AssertSelects(item!["labelSelector"]!["matchLabels"]!, Manifests.Of(folder).Labels(name)));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Every_folder_that_is_written_is_a_volume(string folder, string name)
    {
        JsonNode pod = Manifests.Of(folder).Pod(name);
        Dictionary<string, string> environment = Manifests.Of(folder).Environment(name);
        JsonArray mounts = Manifests.Of(folder).Container(name)["volumeMounts"]!.AsArray();
        string[] writable = [.. mounts.Where(mount => (bool?)mount!["readOnly"] != true).Select(mount => (string)mount!["mountPath"]!)];
        string[] needed = [environment["RPORT_Data__Folder"], "/tmp", .. name == "gateway" ? new[] { environment["RPORT_Payloads__CacheFolder"] } : []];
        Assert.Equal(needed.Order(), writable.Order());
        foreach (JsonNode? mount in mounts)
        {
            JsonNode volume = pod["volumes"]!.AsArray().Single(item => (string?)item!["name"] == (string?)mount!["name"])!;
            Assert.True(volume["emptyDir"]?["sizeLimit"] is not null || (string?)mount!["name"] == "secrets", $"Volume {volume.ToJsonString()} has no bound.");
        }
    }

    [Fact]
    public void One_gateway_runs_on_a_node_of_its_pool()
    {
        JsonNode pod = Manifests.Azure.Pod("gateway");
        JsonNode apart = Assert.Single(pod["affinity"]!["podAntiAffinity"]!["requiredDuringSchedulingIgnoredDuringExecution"]!.AsArray())!;
        Assert.Equal("kubernetes.io/hostname", (string?)apart["topologyKey"]);
        AssertSelects(apart["labelSelector"]!["matchLabels"]!, Manifests.Azure.Labels("gateway"));
        string cluster = File.ReadAllText(Repository.Infra("azure", "modules", "cluster.bicep"));
        foreach (string role in new[] { "silo", "gateway" })
        {
            Assert.Equal(role, (string?)Manifests.Azure.Pod(role)["nodeSelector"]!["rport/role"]);
            Assert.Contains($"nodeLabels: {{ 'rport/role': '{role}' }}", cluster, StringComparison.Ordinal);
        }

        JsonNode toleration = Assert.Single(pod["tolerations"]!.AsArray())!;
        Assert.Contains($"'{toleration["key"]}={toleration["value"]}:{toleration["effect"]}'", cluster, StringComparison.Ordinal);
    }

    internal static void AssertSelects(JsonNode selector, JsonObject labels)
    {
        Assert.NotEmpty(selector.AsObject());
        Assert.All(selector.AsObject(), pair => Assert.Equal((string?)pair.Value, (string?)labels[pair.Key]));
    }

    internal static int Port(JsonNode container, string name) =>
        (int)container["ports"]!.AsArray().Single(port => (string?)port!["name"] == name)!["containerPort"]!;
}
