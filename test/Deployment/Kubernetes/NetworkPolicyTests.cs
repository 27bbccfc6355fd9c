using System.Text.Json.Nodes;

namespace RPort.Deployment.Kubernetes;

/// <summary>The fence around the Orleans ports: who speaks there commands the fleet.</summary>
public sealed class NetworkPolicyTests
{
    private const string Role = "app.kubernetes.io/name";

    public static TheoryData<string> Folders => ["base", "azure"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void What_no_rule_allows_is_refused(string folder)
    {
        JsonNode deny = Manifests.Of(folder).Get("NetworkPolicy", "deny")["spec"]!;
        Assert.Empty(deny["podSelector"]!.AsObject());
        Assert.Equal(["Egress", "Ingress"], deny["policyTypes"]!.AsArray().Select(type => (string?)type).Order());
        Assert.Null(deny["ingress"]);
        Assert.Null(deny["egress"]);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Only_silos_reach_the_silo_port_and_only_gateways_the_client_port(string folder)
    {
        Dictionary<int, string[]> admitted = Admitted(folder, "silo");
        string[] gateways = folder == "azure" ? ["10.40.4.0/24", "gateway"] : ["gateway"];
        Assert.Equal([11111, 30000], admitted.Keys.Order());
        Assert.Equal(["silo"], admitted[11111]);
        Assert.Equal(gateways, admitted[30000]);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_ports_fenced_are_the_ports_configured(string folder)
    {
        Dictionary<string, string> environment = Manifests.Of(folder).Environment("silo");
        Assert.Equal("11111", environment["RPORT_Cluster__SiloPort"]);
        Assert.Equal("30000", environment["RPORT_Cluster__ClientPort"]);
    }

    [Fact]
    public void The_subnet_that_stands_for_gateways_is_that_of_their_nodes() => Assert.Contains(
        "var gatewaySubnetPrefix = '10.40.4.0/24'", File.ReadAllText(Repository.Infra("azure", "modules", "network.bicep")), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Folders))]
    public void Gateways_take_agents_operators_and_tunnels(string folder)
    {
        JsonArray ports = Assert.Single(Manifests.Of(folder).Get("NetworkPolicy", "gateway")["spec"]!["ingress"]!.AsArray())!["ports"]!.AsArray();
        string[] open = [.. ports.Select(port => $"{port!["protocol"]} {port["port"]}{(port["endPort"] is { } end ? $"-{end}" : "")}").Order(StringComparer.Ordinal)];
        Assert.Equal(["TCP 20000-30000", "TCP 3443", "TCP 8443", "UDP 20000-30000"], open);
    }

    [Fact]
    public void Tunnels_keep_clear_of_the_ports_that_Kubernetes_uses_on_nodes()
    {
        int[] range = [.. Manifests.Azure.Environment("gateway")["RPORT_Tunnels__UsedPorts__0"].Split('-').Select(int.Parse)];
        Assert.True(range[1] < 30000, "A NodePort (30000-32767) on a gateway's node would take a tunnel's port.");
        JsonNode ports = RPort.Deployment.Azure.Bicep.Main["parameters"]!["tunnelPorts"]!["defaultValue"]!;
        Assert.Equal($"{range[0]}-{range[1]}", $"{ports["first"]}-{ports["last"]}");
    }

    private static Dictionary<int, string[]> Admitted(string folder, string name)
    {
        Dictionary<int, string[]> admitted = [];
        foreach (JsonNode? rule in Manifests.Of(folder).OfKind("NetworkPolicy").Where(policy => Covers(policy, name)).SelectMany(policy => policy["spec"]!["ingress"]?.AsArray() ?? []))
        {
            string[] from = rule!["from"] is JsonArray peers
                ? [.. peers.Select(peer => (string?)peer!["podSelector"]?["matchLabels"]?[Role] ?? (string?)peer["ipBlock"]?["cidr"] ?? "anybody").Order(StringComparer.Ordinal)]
                : ["anybody"];
            foreach (JsonNode? port in rule["ports"]?.AsArray() ?? [JsonNode.Parse("""{"port":0}""")])
            {
                admitted[(int)port!["port"]!] = [.. admitted.GetValueOrDefault((int)port["port"]!, []), .. from];
            }
        }

        return admitted;
    }

    private static bool Covers(JsonObject policy, string name) =>
        (string?)policy["spec"]!["podSelector"]!["matchLabels"]?[Role] is not { } role || role == name;
}
