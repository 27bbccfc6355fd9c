using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Payloads.Blob;

/// <summary>Payloads in an Azure Blob container, served to agents from a local copy.</summary>
internal sealed class BlobPayloadStore(BlobNames names, BlobPayloadCache cache, IOptions<PayloadOptions> options, TimeProvider clock) : IPayloadStore
{
    private readonly TimeSpan _limit = options.Value.BlobTimeout;
    private volatile bool _containerThere;

    public async Task<IPayloadWriter> CreateAsync(CancellationToken cancellationToken)
    {
        if (!_containerThere)
        {
            await BlobFailure.GuardAsync(token => names.Container.CreateIfNotExistsAsync(cancellationToken: token), _limit, cancellationToken);
            _containerThere = true;
        }

        return new BlobPayloadWriter(names, _limit);
    }

    public Task<IPayloadReader?> OpenReadAsync(UploadId upload, CancellationToken cancellationToken) => cache.OpenAsync(upload, cancellationToken);

    public async Task DeleteAsync(UploadId upload, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties push = await BlobFailure.GuardAsync(async token => (await names.Push(upload).GetPropertiesAsync(cancellationToken: token)).Value, _limit, cancellationToken);
            await BlobFailure.GuardAsync(token => names.Push(upload).DeleteIfExistsAsync(cancellationToken: token), _limit, cancellationToken);
            await BlobFailure.GuardAsync(token => names.Bytes(push.Metadata[BlobNames.BytesKey]).DeleteIfExistsAsync(cancellationToken: token), _limit, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // gone already: every gateway gets the notice
        }
    }

    public Task ForgetAsync(UploadId upload)
    {
        cache.Forget(upload);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<StoredPayload> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (BlobItem blob in names.Container.GetBlobsAsync(BlobTraits.None, BlobStates.None, BlobNames.PushPrefix, cancellationToken))
        {
            if (UploadId.TryParse(blob.Name[BlobNames.PushPrefix.Length..], null, out UploadId upload))
            {
                yield return new StoredPayload(upload, blob.Properties.LastModified ?? clock.GetUtcNow());
            }
        }
    }

    /// <summary>Bytes that no push names: what a crash between the two steps of a commit, or of a deletion, has left.</summary>
    public async Task RemoveUnfinishedAsync(TimeSpan age, CancellationToken cancellationToken)
    {
        DateTimeOffset limit = clock.GetUtcNow() - age;
        await foreach (BlobItem blob in names.Container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, BlobNames.BytesPrefix, cancellationToken))
        {
            if (blob.Properties.LastModified < limit && !await IsNamedAsync(blob, cancellationToken))
            {
                await names.Container.DeleteBlobIfExistsAsync(blob.Name, cancellationToken: cancellationToken);
            }
        }
    }

    private async Task<bool> IsNamedAsync(BlobItem bytes, CancellationToken cancellationToken)
    {
        if (!bytes.Metadata.TryGetValue(BlobNames.UploadKey, out string? text) || !UploadId.TryParse(text, null, out UploadId upload))
        {
            return false;
        }

        try
        {
            BlobProperties push = await names.Push(upload).GetPropertiesAsync(cancellationToken: cancellationToken);
            return BlobNames.BytesPrefix + push.Metadata[BlobNames.BytesKey] == bytes.Name;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return false;
        }
    }
}
