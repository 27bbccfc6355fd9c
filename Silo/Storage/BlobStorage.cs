using Azure.Identity;
using Azure.Storage.Blobs;
using Orleans.Hosting;
using Orleans.Providers;
using Orleans.Storage;
using RPort.Silo.Hosting;

namespace RPort.Silo.Storage;

/// <summary>Grain state in Azure Blob storage.</summary>
internal static class BlobStorage
{
    public static void Configure(ISiloBuilder silo, GrainStorageOptions storage) =>
        silo.AddAzureBlobGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, options => options.Configure<IGrainStorageSerializer>((blob, serializer) =>
        {
            blob.ContainerName = storage.BlobContainer;
            blob.GrainStorageSerializer = serializer;
            blob.BlobServiceClient = Client(storage);
        }));

    /// <summary>What has to answer before a silo can start.</summary>
    public static StartupNeed Need(GrainStorageOptions storage) => new("blob storage for grain state", token =>
        Client(storage).GetBlobContainerClient(storage.BlobContainer).ExistsAsync(token));

    private static BlobServiceClient Client(GrainStorageOptions storage) => storage.BlobConnectionString.Length > 0
        ? new BlobServiceClient(storage.BlobConnectionString)
        : new BlobServiceClient(new Uri(storage.BlobServiceUri), new DefaultAzureCredential());
}
