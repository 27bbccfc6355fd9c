using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using RPort.Deployment.Kubernetes;
using RPort.Ssh;

namespace RPort.Deployment.Azure;

/// <summary>infra/azure/secrets.sh makes what the programs take, and what the cluster mounts.</summary>
public sealed class SecretScriptTests(SecretScriptTests.Made made) : IClassFixture<SecretScriptTests.Made>
{
    private readonly string _folder = made.Folder;

    [Fact]
    public void The_fingerprint_is_the_one_agents_will_see()
    {
        using var key = SshHostKey.FromPem(Read("host.key"));
        Assert.Equal(key.Fingerprint.Sha256, Read("host.fingerprint").Trim());
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public void A_certificate_is_of_the_cluster_s_authority_and_for_both_ends(string role)
    {
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder, "cluster-ca.crt"));
        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(_folder, $"{role}.crt"), Path.Combine(_folder, $"{role}.key"));
        using X509Chain chain = new() { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        Assert.True(chain.Build(certificate), string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
        string[] uses = [.. certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>().Select(use => use.Value!)];
        Assert.Equal(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], uses.Order());
    }

    [Fact]
    public void The_gateway_s_file_holds_the_settings_that_have_no_file_of_their_own()
    {
        JsonObject settings = JsonNode.Parse(Read("gateway.json"))!.AsObject();
        string[] keys = [.. settings.SelectMany(section => section.Value!.AsObject().Select(setting => $"{section.Key}:{setting.Key}"))];
        Assert.Equal(["Api:Auth", "Api:SigningKey"], keys.Order());
        Assert.All(keys, key => Assert.Contains(key, KnownSettings.OfGateway));
        Assert.True(((string)settings["Api"]!["SigningKey"]!).Length >= 32);
    }

    [Fact]
    public void What_is_there_is_kept_and_a_renewal_changes_only_its_own()
    {
        Dictionary<string, string> before = All();
        Script("make", _folder);
        Assert.Equal(before, All());
        Script("renew", _folder, "signing-key");
        string[] changed = [.. All().Where(file => before[file.Key] != file.Value).Select(file => file.Key).Order(StringComparer.Ordinal)];
        Assert.Equal(["gateway.json", "signing-key"], changed);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Only_the_owner_can_read_what_was_made() => Assert.All(
        Directory.EnumerateFiles(_folder), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));

    [Fact]
    public void Every_secret_that_a_pod_mounts_is_put_into_the_vault_it_reads()
    {
        string[] put = [.. Script("list").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        foreach (string role in new[] { "silo", "gateway" })
        {
            string[] written = [.. put.Where(line => line.StartsWith($"{role}Vault ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1])];
            string[] mounted = [.. Manifests.Azure.MountedSecrets(role).Select(secret => secret.Name)];
            Assert.NotEmpty(mounted);
            Assert.Empty(mounted.Except(written));
        }

        string[] made = [.. Directory.EnumerateFiles(_folder).Select(file => Path.GetFileName(file)!), "public.crt", "public.key"];
        Assert.Empty(put.Select(line => line.Split(' ')[2]).Except(made));
    }

    /// <summary>A folder of secrets for all tests here, which run one after the other.</summary>
    public sealed class Made : IDisposable
    {
        public Made() => Script("make", Folder);

        public string Folder { get; } = Directory.CreateTempSubdirectory("rport-secrets").FullName;

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }

    private static CommandResult Script(params string[] arguments) => Command.Run(Repository.Infra("azure", "secrets.sh"), arguments).OrThrow();

    private string Read(string file) => File.ReadAllText(Path.Combine(_folder, file));

    private Dictionary<string, string> All() => Directory.EnumerateFiles(_folder).ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
}
