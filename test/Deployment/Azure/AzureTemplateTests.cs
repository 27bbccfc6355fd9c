using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RPort.Deployment.Azure;

/// <summary>What the compiled template would make: nothing public that need not be, no keys, no more rights than needed.</summary>
public sealed partial class AzureTemplateTests
{
    /// <summary>Built-in roles that may be assigned, and the kind of resource each may be assigned on.</summary>
    private static readonly Dictionary<string, string> AllowedRoles = new()
    {
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Microsoft.Storage/storageAccounts/blobServices/containers", // Storage Blob Data Contributor
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Microsoft.Storage/storageAccounts/tableServices/tables", // Storage Table Data Contributor
        ["4633458b-17de-408a-b874-0445c86b69e6"] = "Microsoft.KeyVault/vaults", // Key Vault Secrets User
        ["b86a8fe4-44ce-4948-aee5-eccb2c155cd7"] = "Microsoft.KeyVault/vaults", // Key Vault Secrets Officer
        ["7f951dda-4ed3-4680-a7ca-43fe172d538d"] = "Microsoft.ContainerRegistry/registries", // AcrPull
    };

    [Fact]
    public void Storage_takes_no_keys_and_no_public_traffic()
    {
        JsonObject account = Assert.Single(OfType("Microsoft.Storage/storageAccounts"));
        JsonNode properties = account["properties"]!;
        Assert.False((bool)properties["allowSharedKeyAccess"]!);
        Assert.False((bool)properties["allowBlobPublicAccess"]!);
        Assert.False((bool)properties["allowCrossTenantReplication"]!);
        Assert.True((bool)properties["supportsHttpsTrafficOnly"]!);
        Assert.Equal("Disabled", (string?)properties["publicNetworkAccess"]);
        Assert.Equal("Deny", (string?)properties["networkAcls"]!["defaultAction"]);
        Assert.Matches("^TLS1_[23]$", (string?)properties["minimumTlsVersion"]);
    }

    [Fact]
    public void No_container_is_public()
    {
        JsonObject[] containers = OfType("Microsoft.Storage/storageAccounts/blobServices/containers");
        Assert.Equal(2, containers.Length);
        Assert.All(containers, container => Assert.Equal("None", (string?)container["properties"]!["publicAccess"]));
    }

    [Fact]
    public void Vaults_are_closed_to_the_internet_and_cannot_be_purged()
    {
        JsonObject vault = Assert.Single(OfType("Microsoft.KeyVault/vaults").DistinctBy(v => v.ToJsonString()));
        JsonNode properties = vault["properties"]!;
        Assert.True((bool)properties["enableRbacAuthorization"]!);
        Assert.True((bool)properties["enablePurgeProtection"]!);
        Assert.Equal("Deny", (string?)properties["networkAcls"]!["defaultAction"]);
        Assert.StartsWith("[if(empty(parameters('operatorNetworks')), 'Disabled'", (string?)properties["publicNetworkAccess"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blob")]
    [InlineData("table")]
    [InlineData("vault")]
    public void Stores_are_reached_through_private_endpoints(string group) => Assert.Contains(
        OfType("Microsoft.Network/privateEndpoints"), endpoint => endpoint.ToJsonString().Contains($"\"groupIds\":[\"{group}\"]", StringComparison.Ordinal));

    [Fact]
    public void The_cluster_has_no_local_accounts_and_gives_pods_identities()
    {
        JsonNode cluster = Assert.Single(OfType("Microsoft.ContainerService/managedClusters"))["properties"]!;
        Assert.True((bool)cluster["disableLocalAccounts"]!);
        Assert.True((bool)cluster["enableRBAC"]!);
        Assert.True((bool)cluster["oidcIssuerProfile"]!["enabled"]!);
        Assert.True((bool)cluster["securityProfile"]!["workloadIdentity"]!["enabled"]!);
        Assert.True((bool)cluster["addonProfiles"]!["azureKeyvaultSecretsProvider"]!["enabled"]!);
        Assert.Equal("calico", (string?)cluster["networkProfile"]!["networkPolicy"]);
    }

    [Fact]
    public void Only_gateway_nodes_have_public_addresses_and_they_keep_them_through_an_upgrade()
    {
        JsonArray pools = Assert.Single(OfType("Microsoft.ContainerService/managedClusters"))["properties"]!["agentPoolProfiles"]!.AsArray();
        Assert.All(pools, pool => Assert.Equal((string?)pool!["name"] == "gateways", (bool?)pool["enableNodePublicIP"] == true));
        JsonNode gateways = pools.Single(pool => (string?)pool!["name"] == "gateways")!;
        Assert.NotNull(gateways["nodePublicIPPrefixID"]);
        Assert.Equal("0", (string?)gateways["upgradeSettings"]!["maxSurge"]);
        Assert.Equal(["TCP", "UDP"], gateways["networkProfile"]!["allowedHostPorts"]!.AsArray().Select(ports => (string?)ports!["protocol"]).Order());
    }

    [Fact]
    public void The_registry_and_the_monitors_have_no_passwords()
    {
        Assert.False((bool)Assert.Single(OfType("Microsoft.ContainerRegistry/registries"))["properties"]!["adminUserEnabled"]!);
        Assert.True((bool)Assert.Single(OfType("Microsoft.Insights/components"))["properties"]!["DisableLocalAuth"]!);
        Assert.True((bool)Assert.Single(OfType("Microsoft.OperationalInsights/workspaces"))["properties"]!["features"]!["disableLocalAuth"]!);
    }

    [Fact]
    public void A_role_is_one_of_the_few_and_is_given_on_the_resource_it_is_for()
    {
        JsonObject[] assignments = OfType("Microsoft.Authorization/roleAssignments");
        Assert.NotEmpty(assignments);
        foreach (JsonObject assignment in assignments)
        {
            string scope = (string?)assignment["scope"] ?? throw new Xunit.Sdk.XunitException($"Has no scope and so holds for the whole resource group: {assignment.ToJsonString()}");
            string role = (string)assignment["properties"]!["roleDefinitionId"]!;
            if (!role.StartsWith("[subscriptionResourceId(", StringComparison.Ordinal))
            {
                Assert.Contains("guid(resourceGroup().id", role, StringComparison.Ordinal); // one of the custom roles below
                Assert.Matches("/tables'|/subnets'|/publicIPAddresses'|/publicIPPrefixes'", scope);
                continue;
            }

            string id = Guid().Match(role) is { Success: true } literal
                ? literal.Value
                : Variable(assignment, VariableName().Match(role).Groups[1].Value);
            Assert.True(AllowedRoles.TryGetValue(id, out string? kind), $"Role {id} is not among the allowed ones.");
            Assert.Contains($"'{kind}'", scope, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_custom_role_names_each_action_and_grants_none_over_rights_keys_or_everything()
    {
        JsonObject[] roles = OfType("Microsoft.Authorization/roleDefinitions");
        Assert.Equal(2, roles.Length);
        foreach (JsonObject role in roles)
        {
            string[] actions = [.. role["properties"]!["permissions"]!.AsArray()
                .SelectMany(permission => new[] { permission!["actions"], permission["dataActions"] })
                .OfType<JsonArray>().SelectMany(list => list.Select(action => (string)action!))];
            Assert.NotEmpty(actions);
            Assert.All(actions, action => Assert.DoesNotMatch(@"\*|Authorization|listKeys|/delete", action));
        }
    }

    [Fact]
    public void No_parameter_and_no_output_holds_a_secret()
    {
        JsonObject template = Bicep.Main;
        Assert.All(template["parameters"]!.AsObject(), parameter => Assert.DoesNotContain("secure", (string)parameter.Value!["type"]!, StringComparison.OrdinalIgnoreCase));
        string text = template.ToJsonString();
        Assert.DoesNotMatch("listKeys|listCredentials|listSecrets|getSecret|ConnectionString|InstrumentationKey|AccountKey|SharedAccess[^\"]*Signature", text);
        Assert.All(["apiAddress", "agentsAddress", "fingerprintCommand"], name => Assert.NotNull(template["outputs"]![name]));
        Assert.All(template["outputs"]!.AsObject(), output => Assert.DoesNotMatch("(?i)password|privateKey|secret[^ s]", output.Value!["value"]!.ToJsonString().Replace("keyvault secret show", "", StringComparison.Ordinal)));
    }

    private static JsonObject[] OfType(string type) => [.. Bicep.Resources.Select(pair => pair.Resource).Where(resource => (string?)resource["type"] == type)];

    /// <summary>The value of a variable of the template that a resource is in; either a text, or a member of an object.</summary>
    private static string Variable(JsonObject resource, string name)
    {
        JsonObject template = resource.Parent!.Parent!.AsObject();
        string[] parts = name.Replace("')", "", StringComparison.Ordinal).Split('.');
        JsonNode value = template["variables"]![parts[0]]!;
        return (string)(parts.Length == 2 ? value[parts[1]]! : value)!;
    }

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Guid();

    [GeneratedRegex(@"variables\('(\w+'\)(?:\.\w+)?)")]
    private static partial Regex VariableName();
}
