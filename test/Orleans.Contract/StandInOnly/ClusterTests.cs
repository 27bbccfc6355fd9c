using Microsoft.Extensions.Hosting;
using Orleans.Clustering.AzureStorage;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace RPort.Contract.StandInOnly;

/// <summary>What takes more than one process says how to get it.</summary>
public sealed class ClusterTests
{
    public static TheoryData<string, Action<ISiloBuilder>> OfSilos => new()
    {
        { "UseAzureStorageClustering", silo => silo.UseAzureStorageClustering((AzureStorageClusteringOptions _) => { }) },
        { "UseAdoNetClustering", silo => silo.UseAdoNetClustering((AdoNetClusteringSiloOptions _) => { }) },
        { "AddAzureBlobGrainStorage", silo => silo.AddAzureBlobGrainStorage("x") },
        { "UseLocalhostClustering with a second silo", silo => silo.UseLocalhostClustering(primarySiloEndpoint: new(System.Net.IPAddress.Loopback, 1)) },
    };

    [Theory]
    [MemberData(nameof(OfSilos))]
    public void A_silo_cannot_join_others(string what, Action<ISiloBuilder> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        OrleansConfigurationException refusal = Assert.Throws<OrleansConfigurationException>(() => builder.UseOrleans(configure));
        Assert.StartsWith(what, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("FullRegistry", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_no_clients()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        OrleansConfigurationException refusal = Assert.Throws<OrleansConfigurationException>(
            () => builder.UseOrleansClient(client => client.UseLocalhostClustering()));
        Assert.Contains("FullRegistry", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_before_the_start_is_refused()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleans();
        using IHost host = builder.Build();
        var grains = (IGrainFactory)host.Services.GetService(typeof(IGrainFactory))!;
        await Assert.ThrowsAsync<SiloUnavailableException>(() => grains.GetGrain<ITurnGrain>("x").AddAsync(1));
    }
}
