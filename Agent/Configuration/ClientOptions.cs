namespace RPort.Agent.Configuration;

/// <summary>Who this agent is and which gateways it may use. Section <c>Client</c>.</summary>
internal sealed class ClientOptions
{
    /// <summary>The gateway to use while it can be reached. Required.</summary>
    public string Server { get; set; } = "";

    /// <summary>Gateways to use, in this order, while <see cref="Server"/> cannot be reached.</summary>
    public IReadOnlyList<string> FallbackServers { get; set; } = [];

    /// <summary>How often <see cref="Server"/> is tried while a fallback is in use. The link to the fallback stays up meanwhile.</summary>
    public TimeSpan ServerSwitchbackInterval { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The gateway's host key, <c>SHA256:…</c> or MD5 with colons; compared whole. All configured gateways have the same one.</summary>
    public string Fingerprint { get; set; } = "";

    /// <summary>Starts without a <see cref="Fingerprint"/>: whoever answers the dial gets the credentials.</summary>
    public bool AllowUnpinned { get; set; }

    /// <summary><c>user:password</c> to log in with. A secret.</summary>
    public string Auth { get; set; } = "";

    /// <summary>File whose first line is <c>user:password</c>. Refused while everybody on the machine may read it.</summary>
    public string AuthFile { get; set; } = "";

    /// <summary>Proxy to dial through, with <c>user:password@</c> where it wants a login. Empty: none; proxy variables of the environment are not looked at.</summary>
    public string Proxy { get; set; } = "";

    /// <summary>The client id. Empty: see <see cref="UseSystemId"/>.</summary>
    public string Id { get; set; } = "";

    /// <summary>Without <see cref="Id"/>, takes the operating system's machine id. Otherwise the gateway chooses one at each connection.</summary>
    public bool UseSystemId { get; set; } = true;

    /// <summary>The name operators see. Empty: see <see cref="UseHostname"/>.</summary>
    public string Name { get; set; } = "";

    /// <summary>Without <see cref="Name"/>, takes the host name.</summary>
    public bool UseHostname { get; set; } = true;

    /// <summary>Words that operators select clients by.</summary>
    public IReadOnlyList<string> Tags { get; set; } = [];

    /// <summary>Key–value pairs that operators select clients by.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();

    /// <summary>JSON file <c>{"tags":[…],"labels":{…}}</c> that takes the place of <see cref="Tags"/> and <see cref="Labels"/>; read at each connection.</summary>
    public string AttributesFilePath { get; set; } = "";

    /// <summary>Runs even as root. Everything pushed is then placed with root's rights.</summary>
    public bool AllowRoot { get; set; }

    /// <summary>Folder for what must outlive a restart (file pushes under way). Created with access for the agent's user only.</summary>
    public string DataDir { get; set; } = OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "rport")
        : "/var/lib/rport";

    /// <summary>Network interface whose address is dialled from.</summary>
    public string BindInterface { get; set; } = "";

    /// <summary>Local address that is dialled from.</summary>
    public string BindAddress { get; set; } = "";

    /// <summary>
    /// Where tunnels may lead: addresses, CIDRs and ports. All addresses of a name must be in it. Empty: everywhere this machine can reach, which is
    /// what lets a gateway reach the network around the agent.
    /// </summary>
    public IReadOnlyList<string> TunnelAllowed { get; set; } = [];

    /// <summary>Tunnels the gateway is asked for at each connection.</summary>
    public IReadOnlyList<string> Remotes { get; set; } = [];

    /// <summary>Tunnel connections open at one time, those being dialled included. The gateway's next one is refused.</summary>
    public int MaxTunnelConnections { get; set; } = 4096;
}
