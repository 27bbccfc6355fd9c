using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Payloads.Blob;

/// <summary>
/// How payloads lie in the container. <c>bytes/&lt;random&gt;</c> holds the bytes, written before the push's id is known;
/// <c>push/&lt;id&gt;</c> is empty, names it in its metadata, and is created only where there is none: that one request is the commit.
/// </summary>
internal sealed class BlobNames(BlobContainerClient container)
{
    public const string BytesPrefix = "bytes/";
    public const string PushPrefix = "push/";

    /// <summary>Metadata of a push: the name of its bytes.</summary>
    public const string BytesKey = "bytes";

    /// <summary>Metadata of a push: the length of its bytes.</summary>
    public const string LengthKey = "length";

    /// <summary>Metadata of bytes: the push they were written for.</summary>
    public const string UploadKey = "upload";

    public BlobContainerClient Container => container;

    public BlockBlobClient Bytes(string name) => container.GetBlockBlobClient(BytesPrefix + name);

    public BlobClient Push(UploadId upload) => container.GetBlobClient(PushPrefix + upload.Value);
}
