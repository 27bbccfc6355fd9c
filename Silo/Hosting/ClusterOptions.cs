using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;

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
    [Description("With Cluster: port on which other silos reach this one. A single process takes a free port of the loopback interface.")]
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

    /// <summary>The address a silo listens on. Nothing is opened beyond the loopback interface unless this says so.</summary>
    [Description("With Cluster: the IP address on which a silo listens, such as 10.0.0.4, or 0.0.0.0 for all of the machine's.")]
    [Required]
    public string ListenAddress { get; set; } = "127.0.0.1";

    /// <summary>The address the other processes are told; empty for <see cref="ListenAddress"/>.</summary>
    [Description("With Cluster: the IP address that other processes use to reach this silo; empty for ListenAddress. Must be given with ListenAddress=0.0.0.0.")]
    public string AdvertisedAddress { get; set; } = "";

    /// <summary>Encrypted and mutually authenticated connections between silos, and between gateways and silos.</summary>
    public ClusterTlsOptions Tls { get; set; } = new();

    /// <summary>Accepts connections without TLS from other machines.</summary>
    [Description("With Cluster: lets silos and gateways talk without TLS beyond this machine. Whoever reaches those ports then commands the fleet: only for a network of their own.")]
    public bool AllowPlaintext { get; set; }

    /// <summary>How long a silo waits for another one's answer to a probe.</summary>
    [Description("With Cluster: how long a silo that is probed by another one may take to answer; also the pause between probes.")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How many probes in a row a silo may miss.</summary>
    [Description("With Cluster: after this many missed probes a silo is taken for dead, and its grains start on another one.")]
    [Range(1, 20)]
    public int MissedProbes { get; set; } = 2;

    /// <summary>How long a call to a grain may take.</summary>
    [Description("With Cluster: how long a gateway or a silo waits for a grain's answer. A call that was on its way to a silo that died fails after this.")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a gateway or a silo that starts waits for the membership list, the storage and the first silo.</summary>
    [Description("How long a process that starts waits for storage, for the list of silos and (a gateway) for a silo, before it ends with exit code 69.")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Mode == ClusterMode.Single)
        {
            yield break;
        }

        foreach (string mistake in MistakesOfMembership().Concat(MistakesOfAddresses()).Concat(Tls.Mistakes()).Concat(MistakesOfTimes()))
        {
            yield return new ValidationResult(mistake);
        }
    }

    private IEnumerable<string> MistakesOfMembership()
    {
        if (Membership == ClusterMembership.Sql && ConnectionString.Length == 0)
        {
            yield return $"{Section}:{nameof(ConnectionString)} must be given with {Section}:{nameof(Membership)}=Sql.";
        }

        if (Membership == ClusterMembership.AzureTables && ConnectionString.Length > 0 == TableServiceUri.Length > 0)
        {
            yield return $"{Section}:{nameof(ConnectionString)} or {Section}:{nameof(TableServiceUri)} must be given with {Section}:{nameof(Membership)}=AzureTables, and not both.";
        }

        if (TableServiceUri.Length > 0 && !Uri.TryCreate(TableServiceUri, UriKind.Absolute, out _))
        {
            yield return $"{Section}:{nameof(TableServiceUri)} ({TableServiceUri}) is no absolute address.";
        }
    }

    private IEnumerable<string> MistakesOfAddresses()
    {
        if (!IPAddress.TryParse(ListenAddress, out IPAddress? listen))
        {
            yield return $"{Section}:{nameof(ListenAddress)} ({ListenAddress}) is no IP address.";
            yield break;
        }

        if (AdvertisedAddress.Length > 0 && (!IPAddress.TryParse(AdvertisedAddress, out IPAddress? advertised) || IsAny(advertised)))
        {
            yield return $"{Section}:{nameof(AdvertisedAddress)} ({AdvertisedAddress}) is no IP address that others can reach.";
        }

        if (IsAny(listen) && AdvertisedAddress.Length == 0)
        {
            yield return $"{Section}:{nameof(AdvertisedAddress)} must be given with {Section}:{nameof(ListenAddress)}={ListenAddress}: other processes have to be told which address is this silo's.";
        }

        if (Membership == ClusterMembership.Localhost && !IPAddress.IsLoopback(listen))
        {
            yield return $"{Section}:{nameof(ListenAddress)} ({ListenAddress}) must be 127.0.0.1 with {Section}:{nameof(Membership)}=Localhost, which is for silos on one machine.";
        }

        if (!IPAddress.IsLoopback(listen) && !Tls.IsOn && !AllowPlaintext)
        {
            yield return $"{Section}:{nameof(ListenAddress)} ({ListenAddress}) can be reached from other machines: {ClusterTlsOptions.Section} must be given, or {Section}:{nameof(AllowPlaintext)}=true.";
        }
    }

    private IEnumerable<string> MistakesOfTimes()
    {
        foreach ((string name, TimeSpan value, TimeSpan least) in new[]
        {
            (nameof(ProbeTimeout), ProbeTimeout, TimeSpan.FromMilliseconds(500)),
            (nameof(ResponseTimeout), ResponseTimeout, TimeSpan.FromSeconds(1)),
            (nameof(StartTimeout), StartTimeout, TimeSpan.FromSeconds(1)),
        })
        {
            if (value < least || value > TimeSpan.FromHours(1))
            {
                yield return $"{Section}:{name} ({value}) must be between {least} and an hour.";
            }
        }
    }

    /// <summary>The address other processes are told.</summary>
    internal IPAddress Advertised => IPAddress.Parse(AdvertisedAddress.Length > 0 ? AdvertisedAddress : ListenAddress);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
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
