using System.Net;
using System.Net.Sockets;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Azure.Identity;
using Microsoft.Extensions.Options;
using Orleans.Clustering.AzureStorage;
using Orleans.Configuration;
using Orleans.Hosting;
using Settings = RPort.Silo.Hosting.ClusterOptions;

namespace RPort.Silo.Hosting;

/// <summary>How silos find each other, and gateways find silos.</summary>
internal static class Membership
{
    public static void Configure(ISiloBuilder silo, Settings cluster)
    {
        if (cluster.Mode == ClusterMode.Single)
        {
            ConfigureSingle(silo, cluster);
            return;
        }

        silo.Configure<Orleans.Configuration.ClusterOptions>(options => Name(options, cluster));
        silo.Configure<ClusterMembershipOptions>(options => HowToTellTheDead(options, cluster));
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = cluster.ResponseTimeout);
        ClusterCertificates.Use(silo, cluster.Tls);
        switch (cluster.Membership)
        {
            case ClusterMembership.Localhost:
                silo.UseLocalhostClustering(
                    cluster.SiloPort, cluster.ClientPort, new IPEndPoint(IPAddress.Loopback, cluster.PrimarySiloPort), cluster.ServiceId, cluster.ClusterId);
                return; // that has set the endpoints
            case ClusterMembership.Sql:
                silo.UseAdoNetClustering((AdoNetClusteringSiloOptions options) =>
                {
                    options.Invariant = cluster.SqlInvariant;
                    options.ConnectionString = cluster.ConnectionString;
                });
                break;
            default:
                silo.UseAzureStorageClustering((AzureStorageClusteringOptions options) => options.TableServiceClient = Tables(cluster));
                break;
        }

        silo.Configure<EndpointOptions>(options =>
        {
            IPAddress listen = IPAddress.Parse(cluster.ListenAddress);
            options.AdvertisedIPAddress = cluster.Advertised;
            options.SiloPort = cluster.SiloPort;
            options.GatewayPort = cluster.ClientPort;
            options.SiloListeningEndpoint = new IPEndPoint(listen, cluster.SiloPort);
            options.GatewayListeningEndpoint = new IPEndPoint(listen, cluster.ClientPort);
        });
    }

    public static void Configure(IClientBuilder client, Settings cluster)
    {
        client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = cluster.ResponseTimeout);
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = cluster.ProbeTimeout * cluster.MissedProbes);
        ClusterCertificates.Use(client, cluster.Tls);
        if (cluster.Membership == ClusterMembership.Localhost)
        {
            client.UseLocalhostClustering(cluster.ClientPort, cluster.ServiceId, cluster.ClusterId);
            return;
        }

        client.Configure<Orleans.Configuration.ClusterOptions>(options => Name(options, cluster));
        if (cluster.Membership == ClusterMembership.Sql)
        {
            client.UseAdoNetClustering((AdoNetClusteringClientOptions options) =>
            {
                options.Invariant = cluster.SqlInvariant;
                options.ConnectionString = cluster.ConnectionString;
            });
        }
        else
        {
            client.UseAzureStorageClustering((AzureStorageGatewayOptions options) => options.TableServiceClient = Tables(cluster));
        }
    }

    /// <summary>What has to answer before a silo or a gateway can look for others; null where the list is in a silo's memory.</summary>
    public static StartupNeed? Need(Settings cluster) => cluster switch
    {
        { Mode: ClusterMode.Single } or { Membership: ClusterMembership.Localhost } => null,
        { Membership: ClusterMembership.Sql } => new StartupNeed("the database with the list of silos (Cluster:ConnectionString)", async token =>
        {
            await using System.Data.Common.DbConnection connection = Sql(cluster);
            await connection.OpenAsync(token);
        }),
        _ => new StartupNeed("the table service with the list of silos", async token =>
        {
            await foreach (TableItem _ in Tables(cluster).QueryAsync(maxPerPage: 1, cancellationToken: token))
            {
                break;
            }
        }),
    };

    private static Npgsql.NpgsqlConnection Sql(Settings cluster) => new(cluster.ConnectionString);

    /// <summary>
    /// One silo that nobody else talks to. Orleans cannot do without a port: it gets one that the system has free, on the loopback interface. It has no
    /// port for clients, because the gateway calls it inside this process.
    /// </summary>
    private static void ConfigureSingle(ISiloBuilder silo, Settings cluster)
    {
        silo.UseLocalhostClustering(FreePort(), gatewayPort: 0, null, cluster.ServiceId, cluster.ClusterId);
        silo.Configure<EndpointOptions>(options => options.GatewayListeningEndpoint = null);
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static void HowToTellTheDead(ClusterMembershipOptions options, Settings cluster)
    {
        options.ProbeTimeout = cluster.ProbeTimeout;
        options.NumMissedProbesLimit = cluster.MissedProbes;

        // A silo that comes back under its old address within seconds of its death must not wait for the list to be read in turn.
        options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
    }

    private static void Name(Orleans.Configuration.ClusterOptions options, Settings cluster)
    {
        options.ServiceId = cluster.ServiceId;
        options.ClusterId = cluster.ClusterId;
    }

    private static TableServiceClient Tables(Settings cluster) => cluster.ConnectionString.Length > 0
        ? new TableServiceClient(cluster.ConnectionString)
        : new TableServiceClient(new Uri(cluster.TableServiceUri), new DefaultAzureCredential());
}
