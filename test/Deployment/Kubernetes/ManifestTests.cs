using System.Text.Json.Nodes;

namespace RPort.Deployment.Kubernetes;

/// <summary>What the manifests' parts say of each other.</summary>
public sealed class ManifestTests
{
    public static TheoryData<string> Folders => ["base", "azure"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_object_has_what_Kubernetes_requires(string folder)
    {
        Assert.NotEmpty(Manifests.Of(folder).Documents);
        Assert.All(Manifests.Of(folder).Documents, document =>
        {
            Assert.NotNull((string?)document["apiVersion"]);
            string kind = (string)document["kind"]!;
            Assert.NotNull((string?)document["metadata"]!["name"]);
            Assert.Equal(kind == "Namespace" ? null : "rport", (string?)document["metadata"]!["namespace"]);
        });
        Assert.Empty(Manifests.Of(folder).OfKind("Secret"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Selectors_match_their_pods(string folder)
    {
        Manifests manifests = Manifests.Of(folder);
        foreach (JsonObject set in manifests.OfKind("StatefulSet"))
        {
            string name = (string)set["metadata"]!["name"]!;
            PodTests.AssertSelects(set["spec"]!["selector"]!["matchLabels"]!, manifests.Labels(name));
            JsonObject names = manifests.Get("Service", (string)set["spec"]!["serviceName"]!);
            Assert.Equal("None", (string?)names["spec"]!["clusterIP"]);
            PodTests.AssertSelects(names["spec"]!["selector"]!, manifests.Labels(name));
            Assert.True((int)set["spec"]!["replicas"]! >= 2);
        }

        Assert.All(manifests.OfKind("Service"), service =>
        {
            string role = (string)service["spec"]!["selector"]!["app.kubernetes.io/name"]!;
            PodTests.AssertSelects(service["spec"]!["selector"]!, manifests.Labels(role));
            Assert.All(service["spec"]!["ports"]!.AsArray(), port => Assert.InRange(PodTests.Port(manifests.Container(role), (string)port!["targetPort"]!), 1, 65535));
        });
    }

    [Theory]
    [InlineData("base", "silo")]
    [InlineData("base", "gateway")]
    [InlineData("azure", "silo")]
    [InlineData("azure", "gateway")]
    public void A_drain_takes_one_pod_at_a_time(string folder, string name)
    {
        JsonNode budget = Assert.Single(Manifests.Of(folder).OfKind("PodDisruptionBudget"), budget => (string?)budget["metadata"]!["name"] == name)["spec"]!;
        Assert.Equal(1, (int)budget["maxUnavailable"]!);
        PodTests.AssertSelects(budget["selector"]!["matchLabels"]!, Manifests.Of(folder).Labels(name));
    }

    [Theory]
    [InlineData("base", "agents", "RPORT_Agents__Address")]
    [InlineData("base", "api", "RPORT_Api__Address")]
    [InlineData("azure", "agents", "RPORT_Agents__Address")]
    [InlineData("azure", "api", "RPORT_Api__Address")]
    public void A_service_leads_to_the_port_its_listener_has(string folder, string service, string setting)
    {
        Manifests manifests = Manifests.Of(folder);
        JsonNode port = Assert.Single(manifests.Get("Service", service)["spec"]!["ports"]!.AsArray())!;
        Assert.Equal(443, (int)port["port"]!);
        Assert.EndsWith($":{PodTests.Port(manifests.Container("gateway"), (string)port["targetPort"]!)}", manifests.Environment("gateway")[setting], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("agents")]
    [InlineData("api")]
    public void On_Azure_gateways_see_the_address_of_their_peer(string name)
    {
        JsonObject service = Manifests.Azure.Get("Service", name);
        Assert.Equal("LoadBalancer", (string?)service["spec"]!["type"]);
        Assert.Equal("Local", (string?)service["spec"]!["externalTrafficPolicy"]);
        Assert.Equal($"rport-{name}", (string?)service["metadata"]!["annotations"]!["service.beta.kubernetes.io/azure-pip-name"]);
    }

    [Fact]
    public void Nothing_of_the_example_settings_is_left_unfilled() => Assert.All(
        Manifests.Azure.Documents, document => Assert.DoesNotContain("azure.env", document.ToJsonString(), StringComparison.Ordinal));

    [Fact]
    public void The_overlay_s_settings_are_the_deployment_s_outputs()
    {
        string[] lines = File.ReadAllLines(Repository.Infra("kubernetes", "overlays", "azure", "azure.env"));
        string[] keys = [.. lines.Select(line => line[..line.IndexOf('=')])];
        string[] outputs = [.. RPort.Deployment.Azure.Bicep.Main["outputs"]!["settings"]!["value"]!.AsObject().Select(pair => pair.Key)];
        Assert.Equal([.. outputs.Append("version").Order(StringComparer.Ordinal)], keys.Order(StringComparer.Ordinal));
        string replacements = File.ReadAllText(Repository.Infra("kubernetes", "overlays", "azure", "replacements.yaml"));
        string[] forPeople = ["operatorVault", "apiHost", "cluster"]; // read by the scripts and by whoever deploys
        Assert.All(keys.Except(forPeople), key => Assert.Contains($"fieldPath: data.{key} ", replacements, StringComparison.Ordinal));
    }

    [Fact]
    public void Identities_are_tied_to_the_accounts_of_the_pods()
    {
        string federation = File.ReadAllText(Repository.Infra("azure", "modules", "federation.bicep"));
        foreach (string name in new[] { "silo", "gateway" })
        {
            Assert.Contains($"system:serviceaccount:rport:{name}'", federation, StringComparison.Ordinal);
            string client = (string)Manifests.Azure.Get("ServiceAccount", name)["metadata"]!["annotations"]!["azure.workload.identity/client-id"]!;
            Assert.Equal(client, (string?)Manifests.Azure.Get("SecretProviderClass", name)["spec"]!["parameters"]!["clientID"]);
            Assert.Equal("true", (string?)Manifests.Azure.Labels(name)["azure.workload.identity/use"]);
        }
    }
}
