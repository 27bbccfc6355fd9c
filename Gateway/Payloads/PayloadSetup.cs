using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;
using RPort.Gateway.Payloads.Blob;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Payloads;

/// <summary>Picks the payload store, and keeps it clean.</summary>
internal static class PayloadSetup
{
    public static IServiceCollection AddPayloads(this IServiceCollection services)
    {
        services.AddCheckedOptions<PayloadOptions>(PayloadOptions.Section);
        services.AddSingleton(provider => new BlobNames(Container(provider.GetRequiredService<IOptions<PayloadOptions>>().Value)));
        services.AddSingleton<BlobPayloadCache>();
        services.AddSingleton<IPayloadStore>(provider => provider.GetRequiredService<IOptions<PayloadOptions>>().Value.Store switch
        {
            PayloadStoreKind.AzureBlob => ActivatorUtilities.CreateInstance<BlobPayloadStore>(provider),
            _ => ActivatorUtilities.CreateInstance<FolderPayloadStore>(provider),
        });
        services.AddSingleton<PayloadKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<PayloadKeeper>());
        return services;
    }

    public static BlobContainerClient Container(PayloadOptions options)
    {
        var client = new BlobClientOptions
        {
            // Few and quick: an upload waits for these, and a download tries again by itself.
            Retry = { Mode = RetryMode.Exponential, MaxRetries = 3, Delay = TimeSpan.FromMilliseconds(300), MaxDelay = TimeSpan.FromSeconds(2), NetworkTimeout = options.BlobTimeout },
        };
        BlobServiceClient service = options.BlobConnectionString.Length > 0
            ? new BlobServiceClient(options.BlobConnectionString, client)
            : new BlobServiceClient(new Uri(options.BlobServiceUri), new DefaultAzureCredential(), client);
        return service.GetBlobContainerClient(options.BlobContainer);
    }
}
