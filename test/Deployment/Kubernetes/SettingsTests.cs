namespace RPort.Deployment.Kubernetes;

/// <summary>Every setting in the manifests is one that the program has, and leads to a file that is mounted.</summary>
public sealed class SettingsTests
{
    private const string Prefix = "RPORT_";
    private const string SecretFolder = "/run/rport/secrets/";

    /// <summary>Variables that settings are put together from, and one of .NET.</summary>
    private static readonly string[] OtherVariables = ["POD_IP", "POD_NAME", "NODE_NAME", "TUNNEL_ZONE", "DOTNET_EnableDiagnostics"];

    public static TheoryData<string, string> Programs => PodTests.Programs;

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_program_knows_every_setting_it_is_given(string folder, string name)
    {
        string[] known = name == "silo" ? KnownSettings.OfSilo : KnownSettings.OfGateway;
        string[] variables = [.. Manifests.Of(folder).Environment(name).Keys.Except(OtherVariables)];
        Assert.All(variables, variable => Assert.StartsWith(Prefix, variable, StringComparison.Ordinal));
        string[] unknown = [.. variables.Select(variable => variable[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal)).Where(key => !known.Knows(key))];
        Assert.True(unknown.Length == 0, $"{name} has no setting {string.Join(", ", unknown)}.");
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Stores_are_reached_by_identity_and_nothing_secret_is_in_the_environment(string folder, string name) => Assert.All(
        Manifests.Of(folder).Environment(name).Keys, key => Assert.DoesNotMatch("ConnectionString|HostKeySeed|__Auth$|SigningKey|Password|AllowPlaintext", key));

    [Theory]
    [InlineData("silo", "RPORT_Cluster__TableServiceUri", "RPORT_GrainStorage__BlobServiceUri")]
    [InlineData("gateway", "RPORT_Cluster__TableServiceUri", "RPORT_Payloads__BlobServiceUri")]
    public void On_Azure_stores_have_addresses(string name, params string[] settings) => Assert.All(
        settings, setting => Assert.StartsWith("https://", Manifests.Azure.Environment(name)[setting], StringComparison.Ordinal));

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public void Every_secret_file_that_is_named_is_mounted_and_the_other_way_round(string name)
    {
        IEnumerable<string?> arguments = Manifests.Azure.Container(name)["args"]?.AsArray().Select(argument => (string?)argument) ?? [];
        string[] named = [.. Manifests.Azure.Environment(name).Values.Concat(arguments).OfType<string>()
            .Where(value => value.StartsWith(SecretFolder, StringComparison.Ordinal)).Select(value => value[SecretFolder.Length..]).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(Manifests.Azure.MountedSecrets(name).Select(secret => secret.File).Order(StringComparer.Ordinal), named);
        string? volume = (string?)Manifests.Azure.Pod(name)["volumes"]!.AsArray().Single(item => (string?)item!["name"] == "secrets")!["csi"]!["volumeAttributes"]!["secretProviderClass"];
        Assert.Equal(name, volume);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void The_cluster_speaks_TLS(string folder, string name)
    {
        Dictionary<string, string> environment = Manifests.Of(folder).Environment(name);
        Assert.All(["CertificateFile", "KeyFile", "AuthorityFile"], part => Assert.StartsWith(SecretFolder, environment[$"RPORT_Cluster__Tls__{part}"], StringComparison.Ordinal));
    }

    [Fact]
    public void The_gateway_s_ports_speak_TLS()
    {
        Dictionary<string, string> environment = Manifests.Base.Environment("gateway");
        Assert.All(["RPORT_Api__CertificateFile", "RPORT_Agents__CertificateFile"], key => Assert.StartsWith(SecretFolder, environment[key], StringComparison.Ordinal));
    }
}
