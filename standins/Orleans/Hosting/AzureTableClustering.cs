using Microsoft.Extensions.Options;
using Orleans.Clustering.AzureStorage;
using Orleans.Engine;

namespace Orleans.Clustering.AzureStorage
{
    /// <summary>Which Azure table holds the membership. The client for it comes with the real package only.</summary>
    public class AzureStorageOperationOptions
    {
        public virtual string TableName { get; set; } = "OrleansSiloInstances";
    }

    /// <summary>Membership in an Azure table, for silos.</summary>
    public class AzureStorageClusteringOptions : AzureStorageOperationOptions;

    /// <summary>Membership in an Azure table, for clients.</summary>
    public class AzureStorageGatewayOptions : AzureStorageOperationOptions;
}

namespace Orleans.Hosting
{
    /// <summary>Clusters whose membership is kept in an Azure table.</summary>
    public static class AzureTableClusteringExtensions
    {
        public static ISiloBuilder UseAzureStorageClustering(
            this ISiloBuilder builder, Action<AzureStorageClusteringOptions> configureOptions) =>
            throw SingleProcess.Cannot(nameof(UseAzureStorageClustering));

        public static ISiloBuilder UseAzureStorageClustering(
            this ISiloBuilder builder, Action<OptionsBuilder<AzureStorageClusteringOptions>> configureOptions) =>
            throw SingleProcess.Cannot(nameof(UseAzureStorageClustering));

        public static IClientBuilder UseAzureStorageClustering(
            this IClientBuilder builder, Action<AzureStorageGatewayOptions> configureOptions) =>
            throw SingleProcess.Cannot(nameof(UseAzureStorageClustering));

        public static IClientBuilder UseAzureStorageClustering(
            this IClientBuilder builder, Action<OptionsBuilder<AzureStorageGatewayOptions>> configureOptions) =>
            throw SingleProcess.Cannot(nameof(UseAzureStorageClustering));
    }
}
