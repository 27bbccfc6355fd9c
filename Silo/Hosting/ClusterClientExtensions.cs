using Microsoft.Extensions.DependencyInjection.Extensions;
using RPort.Silo.Configuration;

namespace RPort.Silo.Hosting;

/// <summary>Connects a gateway to the silos of a cluster.</summary>
public static class ClusterClientExtensions
{
    /// <summary>Adds a client of the cluster that is configured under <c>Cluster</c>.</summary>
    /// <exception cref="ConfigurationMistakeException">The configuration cannot be used.</exception>
    public static IHostApplicationBuilder AddRPortClusterClient(this IHostApplicationBuilder builder)
    {
        ClusterOptions cluster = EarlyOptions.Read<ClusterOptions>(builder.Configuration, ClusterOptions.Section);
        builder.Services.AddCheckedOptions<ClusterOptions>(ClusterOptions.Section);
        builder.Services.TryAddSingleton(TimeProvider.System);
        StartupGate.Add(builder.Services, cluster.StartTimeout, Membership.Need(cluster));
        SiloWait wait = new(cluster.StartTimeout);
        builder.Services.AddSingleton(wait);
        // Health is answered, and agents and callers hear 503, while no silo is there yet.
        builder.Services.Configure<HostOptions>(host => host.ServicesStartConcurrently = true);
        return builder.UseOrleansClient(client =>
        {
            Membership.Configure(client, cluster);
            client.AddOutgoingGrainCallFilter<RepeatedCalls>();
            client.UseConnectionRetryFilter<SiloWaitFilter>();
        });
    }
}
