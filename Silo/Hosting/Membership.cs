using System.Net;
#if FULL_REGISTRY && AZURE_TABLES
using Azure.Data.Tables;
using Azure.Identity;
#endif
using Orleans.Hosting;
using RPort.Silo.Configuration;

namespace RPort.Silo.Hosting;

/// <summary>How silos find each other, and gateways find silos.</summary>
internal static class Membership
{
    /// <exception cref="ConfigurationMistakeException">This build runs in a single process only.</exception>
    public static void RequireFullRegistry()
    {
#if !FULL_REGISTRY
        throw new ConfigurationMistakeException(
            $"{ClusterOptions.Section}:{nameof(ClusterOptions.Mode)}=Cluster needs Orleans, which this build stands in for in a single process only. Build with -p:FullRegistry=true against a registry that holds Microsoft.Orleans.Server.");
#endif
    }

    public static void Configure(ISiloBuilder silo, ClusterOptions cluster)
    {
        if (cluster.Mode == ClusterMode.Single)
        {
            silo.UseLocalhostClustering(cluster.SiloPort, cluster.ClientPort, null, cluster.ServiceId, cluster.ClusterId);
            return;
        }

        if (cluster.Membership == ClusterMembership.Localhost)
        {
            silo.UseLocalhostClustering(
                cluster.SiloPort, cluster.ClientPort, new IPEndPoint(IPAddress.Loopback, cluster.PrimarySiloPort), cluster.ServiceId, cluster.ClusterId);
            return;
        }

        silo.Configure<Orleans.Configuration.ClusterOptions>(options => Name(options, cluster));
#if FULL_REGISTRY
        if (cluster.AdvertisedAddress.Length > 0)
        {
            silo.ConfigureEndpoints(IPAddress.Parse(cluster.AdvertisedAddress), cluster.SiloPort, cluster.ClientPort, listenOnAnyHostAddress: true);
        }
        else
        {
            silo.ConfigureEndpoints(cluster.SiloPort, cluster.ClientPort);
        }

        if (cluster.Membership == ClusterMembership.Sql)
        {
#if ADO_NET
            silo.UseAdoNetClustering((Orleans.Configuration.AdoNetClusteringSiloOptions options) =>
            {
                options.Invariant = cluster.SqlInvariant;
                options.ConnectionString = cluster.ConnectionString;
            });
#else
            throw LeftOut(cluster, "WithAdoNet");
#endif
        }
        else
        {
#if AZURE_TABLES
            silo.UseAzureStorageClustering((Orleans.Clustering.AzureStorage.AzureStorageClusteringOptions options) => options.TableServiceClient = Tables(cluster));
#else
            throw LeftOut(cluster, "WithAzureTables");
#endif
        }
#endif
    }

    public static void Configure(IClientBuilder client, ClusterOptions cluster)
    {
        if (cluster.Membership == ClusterMembership.Localhost)
        {
            client.UseLocalhostClustering(cluster.ClientPort, cluster.ServiceId, cluster.ClusterId);
            return;
        }

        client.Configure<Orleans.Configuration.ClusterOptions>(options => Name(options, cluster));
#if FULL_REGISTRY
        if (cluster.Membership == ClusterMembership.Sql)
        {
#if ADO_NET
            client.UseAdoNetClustering((Orleans.Configuration.AdoNetClusteringClientOptions options) =>
            {
                options.Invariant = cluster.SqlInvariant;
                options.ConnectionString = cluster.ConnectionString;
            });
#else
            throw LeftOut(cluster, "WithAdoNet");
#endif
        }
        else
        {
#if AZURE_TABLES
            client.UseAzureStorageClustering((Orleans.Clustering.AzureStorage.AzureStorageGatewayOptions options) => options.TableServiceClient = Tables(cluster));
#else
            throw LeftOut(cluster, "WithAzureTables");
#endif
        }
#endif
    }

    private static void Name(Orleans.Configuration.ClusterOptions options, ClusterOptions cluster)
    {
        options.ServiceId = cluster.ServiceId;
        options.ClusterId = cluster.ClusterId;
    }

#if FULL_REGISTRY && AZURE_TABLES
    private static TableServiceClient Tables(ClusterOptions cluster) => cluster.ConnectionString.Length > 0
        ? new TableServiceClient(cluster.ConnectionString)
        : new TableServiceClient(new Uri(cluster.TableServiceUri), new DefaultAzureCredential());
#endif
#if FULL_REGISTRY && !(AZURE_TABLES && ADO_NET)
    private static ConfigurationMistakeException LeftOut(ClusterOptions cluster, string property) =>
        new($"{ClusterOptions.Section}:{nameof(cluster.Membership)}={cluster.Membership} was left out of this build ({property}=false).");
#endif
}
