using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace RPort.Silo.Storage;

/// <summary>Where grain state is kept. Bound from <c>GrainStorage</c>.</summary>
public sealed class GrainStorageOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "GrainStorage";

    /// <summary>The kind of storage.</summary>
    [Description("Sqlite: a file, for one machine. AzureBlob: for a cluster.")]
    public GrainStorageKind Kind { get; set; } = GrainStorageKind.Sqlite;

    /// <summary>The SQLite file.</summary>
    public SqliteStorageOptions Sqlite { get; set; } = new();

    /// <summary>With AzureBlob: how to reach the storage account.</summary>
    [Description("With AzureBlob: connection string of the storage account.")]
    public string BlobConnectionString { get; set; } = "";

    /// <summary>With AzureBlob: the blob service's address; the process then authenticates by its Azure identity.</summary>
    [Description("With AzureBlob, instead of BlobConnectionString: the blob service's address; authentication is by Azure identity.")]
    public string BlobServiceUri { get; set; } = "";

    /// <summary>With AzureBlob: the container.</summary>
    [Description("With AzureBlob: the container.")]
    [Required]
    public string BlobContainer { get; set; } = "grainstate";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kind == GrainStorageKind.AzureBlob && BlobConnectionString.Length > 0 == BlobServiceUri.Length > 0)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(BlobConnectionString)} or {Section}:{nameof(BlobServiceUri)} must be given with {Section}:{nameof(Kind)}=AzureBlob, and not both.");
        }

        if (BlobServiceUri.Length > 0 && !Uri.TryCreate(BlobServiceUri, UriKind.Absolute, out _))
        {
            yield return new ValidationResult($"{Section}:{nameof(BlobServiceUri)} ({BlobServiceUri}) is no absolute address.");
        }

        if (Kind == GrainStorageKind.Sqlite && string.IsNullOrWhiteSpace(Sqlite.File))
        {
            yield return new ValidationResult($"{SqliteStorageOptions.Section}:{nameof(Sqlite.File)} must name a file.");
        }

        if (Sqlite.BusyTimeout < TimeSpan.FromSeconds(1))
        {
            yield return new ValidationResult($"{SqliteStorageOptions.Section}:{nameof(Sqlite.BusyTimeout)} ({Sqlite.BusyTimeout}) must be at least a second.");
        }
    }
}

/// <summary>The kind of storage.</summary>
public enum GrainStorageKind
{
    /// <summary>A SQLite file.</summary>
    Sqlite,
    /// <summary>Azure Blob storage.</summary>
    AzureBlob,
}
