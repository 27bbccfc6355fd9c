using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RPort.Gateway.Agents;
using RPort.Gateway.Agents.Credentials;
using RPort.Silo.Configuration;
using RPort.Ssh;

namespace RPort.Gateway.Tests.Agents;

public sealed class CredentialTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rport-credentials");

    private string AuthFile => Path.Combine(_folder.FullName, "auth.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_static_pair_admits_its_password_only()
    {
        using AgentCredentialStore store = Store(new AgentDoorOptions { Auth = "clientAuth1:12:34" });
        Assert.True(store.Verify("clientAuth1", "12:34"));
        Assert.False(store.Verify("clientAuth1", "12:3"));
        Assert.False(store.Verify("clientAuth1", ""));
        Assert.False(store.Verify("clientauth1", "12:34"));
        Assert.False(store.Verify("", "12:34"));
    }

    [Fact]
    public void A_hashed_password_admits_the_password_and_not_its_own_text()
    {
        string stored = AgentCredential.HashForStorage("long and random");
        using AgentCredentialStore store = Store(new AgentDoorOptions { Auth = "a:" + stored });
        Assert.True(store.Verify("a", "long and random"));
        Assert.False(store.Verify("a", stored));
    }

    [Fact]
    public void A_file_holds_both_forms_and_is_used_beside_the_static_pair()
    {
        File.WriteAllText(AuthFile, $$"""{"one":"p1","two":"{{AgentCredential.HashForStorage("p2")}}"}""");
        using AgentCredentialStore store = Store(new AgentDoorOptions { Auth = "three:p3", AuthFile = AuthFile });
        Assert.True(store.Verify("one", "p1"));
        Assert.True(store.Verify("two", "p2"));
        Assert.True(store.Verify("three", "p3"));
        Assert.False(store.Verify("two", "p1"));
        Assert.True(store.Contains("two"));
        Assert.False(store.Contains("four"));
    }

    [Fact]
    public void A_changed_file_is_taken_over_and_a_broken_one_is_not()
    {
        File.WriteAllText(AuthFile, """{"one":"first"}""");
        using AgentCredentialStore store = Store(new AgentDoorOptions { AuthFile = AuthFile });
        File.WriteAllText(AuthFile, """{"one":"second","two":"p2"}""");
        store.Refresh();
        Assert.False(store.Verify("one", "first"));
        Assert.True(store.Verify("one", "second"));

        File.WriteAllText(AuthFile, """{"one":"third",""");
        store.Refresh();
        Assert.True(store.Verify("one", "second"));

        File.Delete(AuthFile);
        store.Refresh();
        Assert.True(store.Verify("two", "p2"));

        File.WriteAllText(AuthFile, "{}");
        store.Refresh();
        Assert.False(store.Verify("two", "p2"));
    }

    [Theory]
    [InlineData("no colon")]
    [InlineData(":password")]
    [InlineData("name:")]
    public void A_pair_that_is_none_stops_the_start_without_showing_the_secret(string pair)
    {
        ConfigurationMistakeException error = Assert.Throws<ConfigurationMistakeException>(() => Store(new AgentDoorOptions { Auth = pair }));
        Assert.DoesNotContain("password", error.Message.Replace("id:password", "").Replace("has no password", ""));
        Assert.Contains("Agents:Auth", error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":null}""")]
    [InlineData("""{"a":""}""")]
    [InlineData("""{"":"secret"}""")]
    public void A_file_that_is_none_stops_the_start_without_showing_a_secret(string json)
    {
        File.WriteAllText(AuthFile, json);
        ConfigurationMistakeException error = Assert.Throws<ConfigurationMistakeException>(() => Store(new AgentDoorOptions { AuthFile = AuthFile }));
        Assert.Contains(AuthFile, error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }

    [Fact]
    public void Without_any_one_credential_is_made_once_for_the_owner_only()
    {
        AgentDoorOptions options = new() { KeyFolder = Path.Combine(_folder.FullName, "keys") };
        using AgentCredentialStore first = Store(options);
        string file = Path.Combine(options.KeyFolder, "agent-auth.json");
        string made = File.ReadAllText(file);
        AssertOwnerOnly(file);
        Dictionary<string, string> pairs = System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, string>>(made)!;
        Assert.True(first.Verify("agent", pairs["agent"]));

        using AgentCredentialStore second = Store(options);
        Assert.True(second.Verify("agent", pairs["agent"]));
        Assert.Equal(made, File.ReadAllText(file));
    }

    [Fact]
    public void A_failed_name_waits_at_its_address_only_and_an_address_with_too_many_failures_is_banned()
    {
        AgentDoorOptions options = new() { Auth = "a:right", MaxFailedLogins = 3, LoginWait = TimeSpan.FromMinutes(1) };
        using AgentCredentialStore store = Store(options);
        AgentLoginGate gate = new(store, Options.Create(options), TimeProvider.System, NullLogger<AgentLoginGate>.Instance);
        IPAddress bad = IPAddress.Parse("192.0.2.9");
        IPAddress good = IPAddress.Parse("192.0.2.10");

        Assert.True(gate.Admit(good, new SshPasswordLogin("a", "right", 1)));
        Assert.False(gate.Admit(bad, new SshPasswordLogin("a", "wrong", 1)));
        Assert.False(gate.Admit(bad, new SshPasswordLogin("a", "right", 2)));
        Assert.True(gate.Admit(good, new SshPasswordLogin("a", "right", 1)));
        Assert.False(gate.IsBanned(bad));
        Assert.False(gate.Admit(bad, new SshPasswordLogin("b", "wrong", 2)));
        Assert.False(gate.Admit(bad, new SshPasswordLogin("c", "wrong", 3)));
        Assert.True(gate.IsBanned(bad));
        Assert.False(gate.IsBanned(good));
    }

    [Fact]
    public void The_host_key_is_made_once_and_kept_for_the_owner_only()
    {
        AgentDoorOptions options = new() { KeyFolder = Path.Combine(_folder.FullName, "keys") };
        using HostKeyStore first = new(Options.Create(options), NullLogger<HostKeyStore>.Instance);
        using HostKeyStore second = new(Options.Create(options), NullLogger<HostKeyStore>.Instance);
        Assert.Equal(first.FingerprintSha256, second.FingerprintSha256);
        Assert.StartsWith("SHA256:", first.FingerprintSha256);
        Assert.Equal(47, first.FingerprintMd5.Length);
        string file = Path.Combine(options.KeyFolder, "host_ecdsa.pem");
        AssertOwnerOnly(file);
        Assert.Equal(["host_ecdsa.pem"], Directory.GetFiles(options.KeyFolder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("rport-interop-seed-0001", "30:7d:c5:e0:7c:0f:16:3c:99:57:70:80:de:15:f5:ef")]
    public void A_seed_makes_the_key_the_existing_server_makes_of_it(string seed, string fingerprint)
    {
        using HostKeyStore store = new(Options.Create(new AgentDoorOptions { HostKeySeed = seed }), NullLogger<HostKeyStore>.Instance);
        Assert.Equal(fingerprint, store.FingerprintMd5);
    }

    [Fact]
    public void A_key_and_a_seed_together_are_a_mistake() =>
        Assert.Single(new AgentDoorOptions { HostKey = "a", HostKeySeed = "b" }.Validate(new System.ComponentModel.DataAnnotations.ValidationContext(this)));

    [Fact]
    public void The_host_key_may_come_as_text_or_as_a_file()
    {
        using SshHostKey key = SshHostKey.GenerateEcdsa();
        string file = Path.Combine(_folder.FullName, "my.pem");
        File.WriteAllText(file, key.ToPem());
        using HostKeyStore asText = new(Options.Create(new AgentDoorOptions { HostKey = key.ToPem() }), NullLogger<HostKeyStore>.Instance);
        using HostKeyStore asFile = new(Options.Create(new AgentDoorOptions { HostKey = file }), NullLogger<HostKeyStore>.Instance);
        Assert.Equal(key.Fingerprint.Sha256, asText.FingerprintSha256);
        Assert.Equal(key.Fingerprint.Sha256, asFile.FingerprintSha256);
    }

    [Fact]
    public void A_configured_host_key_that_is_missing_stops_the_start()
    {
        string file = Path.Combine(_folder.FullName, "none.pem");
        ConfigurationMistakeException error = Assert.Throws<ConfigurationMistakeException>(
            () => new HostKeyStore(Options.Create(new AgentDoorOptions { HostKey = file }), NullLogger<HostKeyStore>.Instance));
        Assert.Contains(file, error.Message);
        Assert.False(File.Exists(file));
    }

    private static void AssertOwnerOnly(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    private static AgentCredentialStore Store(AgentDoorOptions options) =>
        new(Options.Create(options), TimeProvider.System, NullLogger<AgentCredentialStore>.Instance);
}
