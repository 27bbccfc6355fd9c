using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RPort.Silo.Configuration;
using RPort.Silo.Hosting;

namespace RPort.Grains.Tests.Hosting;

/// <summary>A configuration that cannot be used is refused with the key, the value and the rule.</summary>
public sealed class ConfigurationTests
{
    [Theory]
    [InlineData("Cluster:Mode", "Both", "Cluster:Mode")]
    [InlineData("Cluster:SiloPort", "0", "SiloPort")]
    [InlineData("GrainStorage:Kind", "AzureBlob", "GrainStorage:BlobConnectionString or GrainStorage:BlobServiceUri must be given")]
    [InlineData("GrainStorage:Sqlite:File", " ", "GrainStorage:Sqlite:File must name a file")]
    [InlineData("GrainStorage:Sqlite:BusyTimeout", "00:00:00", "GrainStorage:Sqlite:BusyTimeout (00:00:00) must be at least a second")]
    public void A_value_that_breaks_a_rule_is_named(string key, string value, string message)
    {
        ConfigurationMistakeException mistake = Assert.Throws<ConfigurationMistakeException>(() => Add(true, (key, value)));

        Assert.Contains(message, mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cluster:ListenAddress (10.1.2.3) can be reached from other machines", "Cluster:ListenAddress", "10.1.2.3")]
    [InlineData("Cluster:ListenAddress (nowhere) is no IP address", "Cluster:ListenAddress", "nowhere")]
    [InlineData("Cluster:AdvertisedAddress must be given with Cluster:ListenAddress=0.0.0.0", "Cluster:ListenAddress", "0.0.0.0")]
    [InlineData("Cluster:AdvertisedAddress (0.0.0.0) is no IP address that others can reach", "Cluster:AdvertisedAddress", "0.0.0.0")]
    [InlineData("Cluster:Tls:CertificateFile must be given", "Cluster:Tls:KeyFile", "/dev/null")]
    [InlineData("Cluster:Tls:KeyFile (/does/not/exist) does not exist", "Cluster:Tls:KeyFile", "/does/not/exist")]
    [InlineData("Cluster:ProbeTimeout (00:00:00) must be between", "Cluster:ProbeTimeout", "00:00:00")]
    [InlineData("Cluster:ConnectionString or Cluster:TableServiceUri must be given", "Cluster:ConnectionString", "")]
    public void What_a_cluster_cannot_run_with_is_named(string message, string key, string value)
    {
        (string, string) storage = key == "Cluster:ConnectionString" ? ("Cluster:ServiceId", "rport") : ("Cluster:ConnectionString", "UseDevelopmentStorage=true");
        ConfigurationMistakeException mistake = Assert.Throws<ConfigurationMistakeException>(
            () => Add(false, ("Cluster:Mode", "Cluster"), ("GrainStorage:Kind", "AzureBlob"), ("GrainStorage:BlobConnectionString", "UseDevelopmentStorage=true"), storage, (key, value)));

        Assert.Contains(message, mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Beyond_this_machine_a_silo_listens_without_TLS_only_when_told_that_it_may() => Add(
        false, ("Cluster:Mode", "Cluster"), ("Cluster:ConnectionString", "UseDevelopmentStorage=true"), ("GrainStorage:Kind", "AzureBlob"),
        ("GrainStorage:BlobConnectionString", "UseDevelopmentStorage=true"), ("Cluster:ListenAddress", "10.1.2.3"), ("Cluster:AllowPlaintext", "true"));

    [Fact]
    public void A_silo_of_its_own_is_for_clusters_only() =>
        Assert.Contains("Cluster:Mode=Cluster", Assert.Throws<ConfigurationMistakeException>(() => Add(false)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_unknown_key_is_named_with_the_one_that_was_meant()
    {
        OptionsSection[] known = [.. new ServiceCollection().AddRPortSiloOptions().KnownSections()];

        ConfigurationMistakeException mistake = Assert.Throws<ConfigurationMistakeException>(() => UnknownKeys.Refuse(Settings(("GrainStorage:Sqlite:Fil", "x")), known));

        Assert.Equal("Unknown configuration key 'GrainStorage:Sqlite:Fil'. Did you mean 'GrainStorage:Sqlite:File'?", mistake.Message);
        UnknownKeys.Refuse(Settings(("grainstorage:sqlite:file", "x"), ("Logging:LogLevel:Default", "Debug")), known);
    }

    private static void Add(bool holdsGateway, params (string Key, string Value)[] settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddConfiguration(Settings(settings));
        builder.AddRPortSilo(holdsGateway);
    }

    private static IConfigurationRoot Settings(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value)).Build();
}
