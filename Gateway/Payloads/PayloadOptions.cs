using System.ComponentModel.DataAnnotations;

namespace RPort.Gateway.Payloads;

/// <summary>Where payloads wait for their agents.</summary>
internal enum PayloadStoreKind
{
    Folder,
    AzureBlob,
}

/// <summary>How payloads are kept. Bound from <c>Payloads</c>.</summary>
internal sealed class PayloadOptions : IValidatableObject
{
    public const string Section = "Payloads";

    /// <summary>Folder, or AzureBlob (needed with more than one gateway).</summary>
    public PayloadStoreKind Store { get; set; } = PayloadStoreKind.Folder;

    /// <summary>With Folder: where payloads lie.</summary>
    public string Folder { get; set; } = "data/payloads";

    /// <summary>With AzureBlob: connection string of the storage account. Give this or BlobServiceUri.</summary>
    public string BlobConnectionString { get; set; } = "";

    /// <summary>With AzureBlob: address of the storage account's blob service; the gateway then authenticates by its Azure identity.</summary>
    public string BlobServiceUri { get; set; } = "";

    /// <summary>With AzureBlob: the container.</summary>
    public string BlobContainer { get; set; } = "payloads";

    /// <summary>With AzureBlob: folder for the copies agents are served from. Emptied at every start; each gateway needs its own.</summary>
    public string CacheFolder { get; set; } = "data/payload-cache";

    /// <summary>With AzureBlob: how long a copy nobody reads is kept.</summary>
    public TimeSpan CacheIdle { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>With AzureBlob: how long an upload may wait for storage that does not answer before it is refused (503).</summary>
    public TimeSpan BlobTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often payloads that no push needs are looked for.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromMinutes(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Store == PayloadStoreKind.AzureBlob && BlobConnectionString.Length > 0 == BlobServiceUri.Length > 0)
        {
            yield return new ValidationResult($"{Section}:{nameof(BlobConnectionString)} or {Section}:{nameof(BlobServiceUri)} must be given with {Section}:{nameof(Store)}=AzureBlob, and not both.");
        }

        if (BlobServiceUri.Length > 0 && !Uri.TryCreate(BlobServiceUri, UriKind.Absolute, out _))
        {
            yield return new ValidationResult($"{Section}:{nameof(BlobServiceUri)} ({BlobServiceUri}) is no absolute address.");
        }

        if (SweepInterval < TimeSpan.FromSeconds(1) || CacheIdle <= TimeSpan.Zero || BlobTimeout <= TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}:{nameof(SweepInterval)}, {nameof(CacheIdle)} and {nameof(BlobTimeout)} must be positive (the first at least a second).");
        }
    }
}
