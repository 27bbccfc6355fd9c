using System.Net;
using Azure.Data.Tables;
using Azure.Identity;
using Orleans.Hosting;
using RPort.Silo.Configuration;

namespace RPort.Silo.Hosting;

/// <summary>How silos find each other, and gateways find silos.</summary>
internal static class Membership
{
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
            silo.UseAdoNetClustering((Orleans.Configuration.AdoNetClusteringSiloOptions options) =>
            {
                options.Invariant = cluster.SqlInvariant;
                options.ConnectionString = cluster.ConnectionString;
            });
        }
        else
        {
            silo.UseAzureStorageClustering((Orleans.Clustering.AzureStorage.AzureStorageClusteringOptions options) => options.TableServiceClient = Tables(cluster));
        }
    }

    public static void Configure(IClientBuilder client, ClusterOptions cluster)
    {
        if (cluster.Membership == ClusterMembership.Localhost)
        {
            client.UseLocalhostClustering(cluster.ClientPort, cluster.ServiceId, cluster.ClusterId);
            return;
        }

        client.Configure<Orleans.Configuration.ClusterOptions>(options => Name(options, cluster));
        if (cluster.Membership == ClusterMembership.Sql)
        {
            client.UseAdoNetClustering((Orleans.Configuration.AdoNetClusteringClientOptions options) =>
            {
                options.Invariant = cluster.SqlInvariant;
                options.ConnectionString = cluster.ConnectionString;
            });
        }
        else
        {
            client.UseAzureStorageClustering((Orleans.Clustering.AzureStorage.AzureStorageGatewayOptions options) => options.TableServiceClient = Tables(cluster));
        }
    }

    private static void Name(Orleans.Configuration.ClusterOptions options, ClusterOptions cluster)
    {
        options.ServiceId = cluster.ServiceId;
        options.ClusterId = cluster.ClusterId;
    }

    private static TableServiceClient Tables(ClusterOptions cluster) => cluster.ConnectionString.Length > 0
        ? new TableServiceClient(cluster.ConnectionString)
        : new TableServiceClient(new Uri(cluster.TableServiceUri), new DefaultAzureCredential());
}
