using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Engine;

namespace Orleans.Configuration
{
    /// <summary>Membership in a SQL database, for silos.</summary>
    public class AdoNetClusteringSiloOptions
    {
        public string? ConnectionString { get; set; }

        public string Invariant { get; set; } = "";
    }

    /// <summary>Membership in a SQL database, for clients.</summary>
    public class AdoNetClusteringClientOptions
    {
        public string? ConnectionString { get; set; }

        public string Invariant { get; set; } = "";
    }
}

namespace Orleans.Hosting
{
    /// <summary>Clusters whose membership is kept in a SQL database.</summary>
    public static class AdoNetHostingExtensions
    {
        public static ISiloBuilder UseAdoNetClustering(this ISiloBuilder builder, Action<AdoNetClusteringSiloOptions> configureOptions) =>
            throw SingleProcess.Cannot(nameof(UseAdoNetClustering));

        public static ISiloBuilder UseAdoNetClustering(
            this ISiloBuilder builder, Action<OptionsBuilder<AdoNetClusteringSiloOptions>> configureOptions) =>
            throw SingleProcess.Cannot(nameof(UseAdoNetClustering));

        public static IClientBuilder UseAdoNetClustering(
            this IClientBuilder builder, Action<AdoNetClusteringClientOptions> configureOptions) =>
            throw SingleProcess.Cannot(nameof(UseAdoNetClustering));

        public static IClientBuilder UseAdoNetClustering(
            this IClientBuilder builder, Action<OptionsBuilder<AdoNetClusteringClientOptions>> configureOptions) =>
            throw SingleProcess.Cannot(nameof(UseAdoNetClustering));
    }
}
