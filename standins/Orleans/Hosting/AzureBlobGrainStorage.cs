using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Engine;
using Orleans.Storage;

namespace Orleans.Configuration
{
    /// <summary>Where grain state is kept in Azure Blob storage.</summary>
    public class AzureBlobStorageOptions : IStorageProviderSerializerOptions
    {
        public string ContainerName { get; set; } = "grainstate";

        public BlobServiceClient? BlobServiceClient { get; set; }

        public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;

        /// <summary>Whether clearing deletes the blob rather than emptying it.</summary>
        public bool DeleteStateOnClear { get; set; } = true;
    }
}

namespace Orleans.Hosting
{
    /// <summary>Grain state in Azure Blob storage, which is for clusters.</summary>
    public static class AzureBlobSiloBuilderExtensions
    {
        public static ISiloBuilder AddAzureBlobGrainStorage(
            this ISiloBuilder builder, string name, Action<AzureBlobStorageOptions> configureOptions) =>
            throw SingleProcess.Cannot(nameof(AddAzureBlobGrainStorage));

        public static ISiloBuilder AddAzureBlobGrainStorage(
            this ISiloBuilder builder, string name, Action<OptionsBuilder<AzureBlobStorageOptions>>? configureOptions = null) =>
            throw SingleProcess.Cannot(nameof(AddAzureBlobGrainStorage));

        public static ISiloBuilder AddAzureBlobGrainStorageAsDefault(
            this ISiloBuilder builder, Action<AzureBlobStorageOptions> configureOptions) =>
            throw SingleProcess.Cannot(nameof(AddAzureBlobGrainStorageAsDefault));

        public static ISiloBuilder AddAzureBlobGrainStorageAsDefault(
            this ISiloBuilder builder, Action<OptionsBuilder<AzureBlobStorageOptions>>? configureOptions = null) =>
            throw SingleProcess.Cannot(nameof(AddAzureBlobGrainStorageAsDefault));
    }
}
