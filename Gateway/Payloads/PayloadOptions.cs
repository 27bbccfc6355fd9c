using System.ComponentModel;
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

    [Description("Folder, or AzureBlob (needed with more than one gateway).")]
    public PayloadStoreKind Store { get; set; } = PayloadStoreKind.Folder;

    [Description("With Folder: where payloads lie.")]
    public string Folder { get; set; } = "data/payloads";

    [Description("With AzureBlob: connection string of the storage account. Give this or BlobServiceUri.")]
    public string BlobConnectionString { get; set; } = "";

    [Description("With AzureBlob: address of the storage account's blob service; the gateway then authenticates by its Azure identity.")]
    public string BlobServiceUri { get; set; } = "";

    [Description("With AzureBlob: the container.")]
    public string BlobContainer { get; set; } = "payloads";

    [Description("With AzureBlob: folder for the copies agents are served from. Emptied at every start; each gateway needs its own.")]
    public string CacheFolder { get; set; } = "data/payload-cache";

    [Description("With AzureBlob: how long a copy nobody reads is kept.")]
    public TimeSpan CacheIdle { get; set; } = TimeSpan.FromMinutes(15);

    [Description("With AzureBlob: how long an upload may wait for storage that does not answer before it is refused (503).")]
    public TimeSpan BlobTimeout { get; set; } = TimeSpan.FromSeconds(15);

    [Description("How often payloads that no push needs are looked for.")]
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
