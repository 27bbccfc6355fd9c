using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using RPort.Grains;
using RPort.Grains.Uploads;
using RPort.Silo.Configuration;
using RPort.Silo.Storage;

namespace RPort.Silo.Hosting;

/// <summary>Puts a silo into a host: grains, their storage, the heartbeat of the alarms and health checks.</summary>
public static class SiloHostingExtensions
{
    /// <summary>Adds a silo as configured under <c>Cluster</c> and <c>GrainStorage</c>.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="holdsGateway">True where this process is also the only gateway.</param>
    /// <exception cref="ConfigurationMistakeException">The configuration cannot be used.</exception>
    public static IHostApplicationBuilder AddRPortSilo(this IHostApplicationBuilder builder, bool holdsGateway)
    {
        DataFolder.Apply(builder.Configuration, builder.Services.AddRPortSiloOptions().KnownSections());
        ClusterOptions cluster = EarlyOptions.Read<ClusterOptions>(builder.Configuration, ClusterOptions.Section);
        GrainStorageOptions storage = EarlyOptions.Read<GrainStorageOptions>(builder.Configuration, GrainStorageOptions.Section);
        Refuse(cluster, storage, holdsGateway);

        IServiceCollection services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddKeyedSingleton<TimeProvider>(TimeProviderNames.ActivationManagement, (_, _) => new SteadyClock());
        services.AddSingleton(provider => SiloRun.Start(holdsGateway, provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));
        services.TryAddSingleton(UploadRetention.Default);
        services.AddSingleton<IGrainStorageSerializer, GrainStateSerializer>();
        IHealthChecksBuilder health = services.AddHealthChecks();
        if (storage.Kind == GrainStorageKind.Sqlite)
        {
            AddSqlite(services, storage, exclusive: cluster.Mode == ClusterMode.Single);
            health.AddCheck<StorageHealth>("grain storage", tags: [HealthTags.Ready]);
        }

        StartupGate.Add(services, cluster.StartTimeout, Membership.Need(cluster), storage.Kind == GrainStorageKind.AzureBlob ? BlobStorage.Need(storage) : null);
        if (cluster is { Mode: ClusterMode.Cluster, Membership: ClusterMembership.Sql, SqlInvariant: "Npgsql" })
        {
            services.AddHostedService(provider => new SqlMembershipSchema(cluster.ConnectionString, provider.GetRequiredService<ILogger<SqlMembershipSchema>>()));
        }

        builder.UseOrleans(silo =>
        {
            Membership.Configure(silo, cluster);
            if (cluster.Mode == ClusterMode.Cluster)
            {
                silo.AddOutgoingGrainCallFilter<RepeatedCalls>();
            }

            if (storage.Kind == GrainStorageKind.AzureBlob)
            {
                BlobStorage.Configure(silo, storage);
            }
        });
        services.AddSingleton<AlarmHeartbeat>(); // after the silo, so that it starts after it
        services.AddHostedService(provider => provider.GetRequiredService<AlarmHeartbeat>());
        health.AddCheck<SiloHealth>("silo", tags: [HealthTags.Ready]);
        return builder;
    }

    /// <summary>Makes the silo's options known without a silo, for <c>--help</c> and the check for unknown keys.</summary>
    public static IServiceCollection AddRPortSiloOptions(this IServiceCollection services) => services
        .AddCheckedOptions<ClusterOptions>(ClusterOptions.Section)
        .AddCheckedOptions<GrainStorageOptions>(GrainStorageOptions.Section);

    /// <summary>Registered before the silo: hosts start in this order and stop in the reverse one, and the silo writes while it stops.</summary>
    private static void AddSqlite(IServiceCollection services, GrainStorageOptions storage, bool exclusive)
    {
        storage.Sqlite.Exclusive = exclusive;
        services.AddSingleton(provider => new SqliteStore(storage.Sqlite, provider.GetRequiredService<ILogger<SqliteStore>>()));
        services.AddHostedService(provider => provider.GetRequiredService<SqliteStore>());
        services.AddGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, (provider, _) =>
            new SqliteGrainStorage(provider.GetRequiredService<SqliteStore>(), provider.GetRequiredService<IGrainStorageSerializer>()));
    }

    private static void Refuse(ClusterOptions cluster, GrainStorageOptions storage, bool holdsGateway)
    {
        if (cluster.Mode == ClusterMode.Single)
        {
            if (!holdsGateway)
            {
                throw new ConfigurationMistakeException($"A silo of its own is for clusters: set {ClusterOptions.Section}:{nameof(cluster.Mode)}=Cluster. A single process is the gateway's program, which holds its silo.");
            }

            return;
        }

        if (storage.Kind == GrainStorageKind.Sqlite && cluster.Membership != ClusterMembership.Localhost)
        {
            throw new ConfigurationMistakeException(
                $"{GrainStorageOptions.Section}:{nameof(storage.Kind)}=Sqlite is a file on one machine: with {ClusterOptions.Section}:{nameof(cluster.Membership)}={cluster.Membership} set it to AzureBlob.");
        }
    }
}
