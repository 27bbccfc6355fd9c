using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace RPort.Silo.Hosting;

/// <summary>How processes find each other. Bound from <c>Cluster</c>.</summary>
public sealed class ClusterOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Cluster";

    /// <summary>One process, or several.</summary>
    [Description("Single: gateway and silo are one process. Cluster: any number of silos and gateways.")]
    public ClusterMode Mode { get; set; } = ClusterMode.Single;

    /// <summary>Where the list of silos is kept.</summary>
    [Description("With Cluster: where the list of silos is kept: AzureTables, Sql, or Localhost for several silos on one machine.")]
    public ClusterMembership Membership { get; set; } = ClusterMembership.AzureTables;

    /// <summary>With AzureTables or Sql: how to reach the list.</summary>
    [Description("With AzureTables or Sql: the connection string.")]
    public string ConnectionString { get; set; } = "";

    /// <summary>With AzureTables: the table service's address; the process then authenticates by its Azure identity.</summary>
    [Description("With AzureTables, instead of ConnectionString: the table service's address; authentication is by Azure identity.")]
    public string TableServiceUri { get; set; } = "";

    /// <summary>With Sql: the ADO.NET provider.</summary>
    [Description("With Sql: the ADO.NET provider's invariant name.")]
    public string SqlInvariant { get; set; } = "Npgsql";

    /// <summary>Names the installation: grain state belongs to it.</summary>
    [Description("Names the installation whose grain state this is; the same on all processes, never changed.")]
    [Required]
    public string ServiceId { get; set; } = "rport";

    /// <summary>Names the set of processes that run together.</summary>
    [Description("Names the set of processes that run together; the same on all of them.")]
    [Required]
    public string ClusterId { get; set; } = "rport";

    /// <summary>Where other silos reach this one.</summary>
    [Description("With Cluster: port on which other silos reach this one.")]
    [Range(1, 65_535)]
    public int SiloPort { get; set; } = 11_111;

    /// <summary>Where gateways reach this silo.</summary>
    [Description("With Cluster: port on which gateways reach this silo; with Localhost, a gateway gives that of any silo.")]
    [Range(1, 65_535)]
    public int ClientPort { get; set; } = 30_000;

    /// <summary>With Localhost: the port of the first silo.</summary>
    [Description("With Localhost: SiloPort of the silo that was started first.")]
    [Range(1, 65_535)]
    public int PrimarySiloPort { get; set; } = 11_111;

    /// <summary>The address the other processes are told; empty for the machine's first one.</summary>
    [Description("With AzureTables or Sql: the address that other processes use to reach this one; empty for this machine's first.")]
    public string AdvertisedAddress { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Mode == ClusterMode.Single)
        {
            yield break;
        }

        if (Membership == ClusterMembership.Sql && ConnectionString.Length == 0)
        {
            yield return new ValidationResult($"{Section}:{nameof(ConnectionString)} must be given with {Section}:{nameof(Membership)}=Sql.");
        }

        if (Membership == ClusterMembership.AzureTables && ConnectionString.Length > 0 == TableServiceUri.Length > 0)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(ConnectionString)} or {Section}:{nameof(TableServiceUri)} must be given with {Section}:{nameof(Membership)}=AzureTables, and not both.");
        }

        if (TableServiceUri.Length > 0 && !Uri.TryCreate(TableServiceUri, UriKind.Absolute, out _))
        {
            yield return new ValidationResult($"{Section}:{nameof(TableServiceUri)} ({TableServiceUri}) is no absolute address.");
        }

        if (AdvertisedAddress.Length > 0 && !System.Net.IPAddress.TryParse(AdvertisedAddress, out _))
        {
            yield return new ValidationResult($"{Section}:{nameof(AdvertisedAddress)} ({AdvertisedAddress}) is no IP address.");
        }
    }
}

/// <summary>One process, or several.</summary>
public enum ClusterMode
{
    /// <summary>Gateway and silo are one process.</summary>
    Single,
    /// <summary>Silos and gateways are processes of their own.</summary>
    Cluster,
}

/// <summary>Where the list of silos is kept.</summary>
public enum ClusterMembership
{
    /// <summary>Azure Table storage.</summary>
    AzureTables,
    /// <summary>A SQL database through ADO.NET.</summary>
    Sql,
    /// <summary>In the memory of the first silo; all silos are on one machine.</summary>
    Localhost,
}
