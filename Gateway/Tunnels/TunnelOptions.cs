using System.ComponentModel.DataAnnotations;
using RPort.Gateway.Listeners;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels;

/// <summary>Which ports tunnels may use, and how much of everything. Bound from <c>Tunnels</c>; the same on every gateway of a cluster.</summary>
internal sealed class TunnelOptions : IValidatableObject
{
    public const string Section = "Tunnels";

    private static readonly TimeSpan LongestCheck = TimeSpan.FromSeconds(20);

    /// <summary>Ports tunnels may listen on: numbers and ranges. Empty: 20000-30000.</summary>
    public string[] UsedPorts { get; set; } = [];

    /// <summary>Ports they may not, of those: numbers and ranges. Empty: 1-1024.</summary>
    public string[] ExcludedPorts { get; set; } = [];

    /// <summary>How long an agent tries the target of a new tunnel.</summary>
    public TimeSpan CheckPortTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait for an agent to connect to a tunnel's target when somebody uses it.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Tunnels one client may have.</summary>
    [Range(1, ClientLimits.MaxTunnels)]
    public int MaxPerClient { get; set; } = 100;

    /// <summary>Connections one tunnel carries at a time; for UDP, peers.</summary>
    [Range(1, 65535)]
    public int MaxConnections { get; set; } = 1000;

    /// <summary>Silence after which a UDP peer is no longer counted as a connection.</summary>
    public TimeSpan UdpPeerTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Who may use tunnels that an agent's own configuration asks for: addresses and CIDR networks. Only the gateway's machine unless widened here or by the API.</summary>
    public string AgentRemotesAcl { get; set; } = "127.0.0.0/8,::1";

    /// <summary>Name or address under which users reach this gateway's tunnels, shown with each of them.</summary>
    public string PublicHost { get; set; } = "";

    /// <summary>PEM certificate (with its chain) of http_proxy tunnels; empty: there are none.</summary>
    public string ProxyCertFile { get; set; } = "";

    /// <summary>PEM private key of that certificate.</summary>
    public string ProxyKeyFile { get; set; } = "";

    /// <summary>Whether http_proxy tunnels may be made.</summary>
    internal bool ProxyEnabled => ProxyCertFile.Length > 0;

    // The defaults are not in the properties: the binder would add what is configured to them.
    internal PortRanges Ports => new(
        PortRanges.Parse(UsedPorts.Length > 0 ? UsedPorts : ["20000-30000"]), PortRanges.Parse(ExcludedPorts.Length > 0 ? ExcludedPorts : ["1-1024"]));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach ((string name, string[] ranges) in new[] { (nameof(UsedPorts), UsedPorts), (nameof(ExcludedPorts), ExcludedPorts) })
        {
            foreach (string range in ranges.Where(range => !PortRanges.TryParse(range, out _)))
            {
                yield return new ValidationResult($"{Section}:{name}: '{range}' is no port and no range such as 20000-30000.");
            }
        }

        foreach ((string name, TimeSpan value) in new[] { (nameof(CheckPortTimeout), CheckPortTimeout), (nameof(ConnectTimeout), ConnectTimeout) })
        {
            if (value <= TimeSpan.Zero || value > LongestCheck)
            {
                yield return new ValidationResult($"{Section}:{name} ({value}) must be over zero and at most {LongestCheck}.");
            }
        }

        if (UdpPeerTimeout <= TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}:{nameof(UdpPeerTimeout)} ({UdpPeerTimeout}) must be positive.");
        }

        if (!TunnelAcl.TryParse(AgentRemotesAcl, out _, out string broken))
        {
            yield return new ValidationResult($"{Section}:{nameof(AgentRemotesAcl)}: {broken}.");
        }

        if (ProxyCertFile.Length > 0 != ProxyKeyFile.Length > 0)
        {
            yield return new ValidationResult($"{Section}:{nameof(ProxyCertFile)} and {Section}:{nameof(ProxyKeyFile)} go together.");
        }
        else if (ProxyEnabled && TlsCertificate.Obstacle(ProxyCertFile, ProxyKeyFile) is { } obstacle)
        {
            yield return new ValidationResult($"{Section}:{nameof(ProxyCertFile)} ({ProxyCertFile}) and {Section}:{nameof(ProxyKeyFile)} ({ProxyKeyFile}) cannot be read: {obstacle}");
        }
    }
}
