using static RPort.Agent.Configuration.ConfigurationKeys;

namespace RPort.Agent.Configuration;

/// <summary>Every key there is. What is not here does not exist and is refused.</summary>
internal static class ConfigurationSchema
{
    public const string VariablePrefix = "RPORT_";

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static IReadOnlyList<ConfigurationKey> All { get; } = [.. Client(), .. Connection(), .. Logging(), .. FileReception()];

    /// <summary>Short names of environment variables, beside <see cref="ConfigurationKey.Variable"/>.</summary>
    public static IReadOnlyDictionary<string, string> ShortVariables { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["RPORT_AUTH"] = "Client:Auth",
        ["RPORT_FINGERPRINT"] = "Client:Fingerprint",
        ["RPORT_SERVER"] = "Client:Server",
    };

    /// <summary>The key a full path belongs to, and the part of its list or map that is meant; null for an unknown one.</summary>
    public static (ConfigurationKey Key, string? Part)? Find(string path)
    {
        foreach (ConfigurationKey key in All)
        {
            if (path.Equals(key.Path, StringComparison.OrdinalIgnoreCase))
            {
                return (key, null);
            }

            if (key.TakesParts && path.Length > key.Path.Length + 1 && path[key.Path.Length] == ':'
                && path.StartsWith(key.Path, StringComparison.OrdinalIgnoreCase))
            {
                return (key, path[(key.Path.Length + 1)..]);
            }
        }

        return null;
    }

    private static IEnumerable<ConfigurationKey> Client() =>
    [
        Text("Client:Server", "Gateway to dial: [ws|wss|http|https://]host[:port][/path]. Required", o => o.Client.Server, (o, v) => o.Client.Server = v, ValueRules.Server),
        List("Client:FallbackServers", "Gateways to use, in order, while Server cannot be reached", o => o.Client.FallbackServers, (o, v) => o.Client.FallbackServers = v, ValueRules.Server),
        Duration("Client:ServerSwitchbackInterval", "How often Server is tried while on a fallback", o => o.Client.ServerSwitchbackInterval,
            (o, v) => o.Client.ServerSwitchbackInterval = v, TimeSpan.FromSeconds(1), Day),
        Text("Client:Fingerprint", "The gateway's host key: SHA256:… or MD5 with colons; compared whole", o => o.Client.Fingerprint, (o, v) => o.Client.Fingerprint = v, ValueRules.Fingerprint),
        Flag("Client:AllowUnpinned", "Start without Fingerprint: whoever answers gets the credentials", o => o.Client.AllowUnpinned, (o, v) => o.Client.AllowUnpinned = v),
        Secret("Client:Auth", "user:password to log in with (secret; AuthFile keeps it out of sight)", o => o.Client.Auth, (o, v) => o.Client.Auth = v, MaskPassword, ValueRules.Auth),
        Text("Client:AuthFile", "File whose first line is user:password", o => o.Client.AuthFile, (o, v) => o.Client.AuthFile = v),
        Secret("Client:Proxy", "Proxy to dial through: http://, https://, socks5://, socks5h:// or socks://[user:password@]host:port", o => o.Client.Proxy,
            (o, v) => o.Client.Proxy = v, MaskUserInfo, ValueRules.Proxy),
        Text("Client:Id", "Client id; empty: see UseSystemId", o => o.Client.Id, (o, v) => o.Client.Id = v, ValueRules.ClientId),
        Flag("Client:UseSystemId", "Without Id, take the operating system's machine id", o => o.Client.UseSystemId, (o, v) => o.Client.UseSystemId = v),
        Text("Client:Name", "Name shown to operators; empty: see UseHostname", o => o.Client.Name, (o, v) => o.Client.Name = v, ValueRules.Name),
        Flag("Client:UseHostname", "Without Name, take the host name", o => o.Client.UseHostname, (o, v) => o.Client.UseHostname = v),
        List("Client:Tags", "Words to select clients by", o => o.Client.Tags, (o, v) => o.Client.Tags = v),
        Map("Client:Labels", "Key-value pairs to select clients by", o => o.Client.Labels, (o, v) => o.Client.Labels = v, ValueRules.Label),
        Text("Client:AttributesFilePath", "JSON file with tags and labels instead of Tags and Labels", o => o.Client.AttributesFilePath, (o, v) => o.Client.AttributesFilePath = v),
        Flag("Client:AllowRoot", "Run even as root", o => o.Client.AllowRoot, (o, v) => o.Client.AllowRoot = v),
        Text("Client:DataDir", "Folder for what must outlive a restart", o => o.Client.DataDir, (o, v) => o.Client.DataDir = v, ValueRules.AbsolutePath),
        Text("Client:BindInterface", "Network interface to dial from", o => o.Client.BindInterface, (o, v) => o.Client.BindInterface = v),
        Text("Client:BindAddress", "Local address to dial from", o => o.Client.BindAddress, (o, v) => o.Client.BindAddress = v, ValueRules.IpAddress),
        List("Client:TunnelAllowed", "Where tunnels may lead: address, CIDR, :port, address:port, [IPv6]:port; empty: everywhere", o => o.Client.TunnelAllowed, (o, v) => o.Client.TunnelAllowed = v, ValueRules.TunnelAllowed),
        List("Client:Remotes", "Tunnels to ask for at each connection: port, host:port, lport:host:port, lhost:lport:host:port, with /udp or /tcp+udp behind where meant",
            o => o.Client.Remotes, (o, v) => o.Client.Remotes = v, ValueRules.Remote),
        Number("Client:MaxTunnelConnections", "Tunnel connections open at one time", o => o.Client.MaxTunnelConnections, (o, v) => o.Client.MaxTunnelConnections = v, 1, 65_536),
    ];

    private static IEnumerable<ConfigurationKey> Connection() =>
    [
        Duration("Connection:KeepAlive", "Time between two signs of life asked of the gateway", o => o.Connection.KeepAlive, (o, v) => o.Connection.KeepAlive = v, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        Duration("Connection:KeepAliveTimeout", "Wait for such a sign", o => o.Connection.KeepAliveTimeout, (o, v) => o.Connection.KeepAliveTimeout = v, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
        Duration("Connection:ConnectTimeout", "Time for all of a connection attempt", o => o.Connection.ConnectTimeout, (o, v) => o.Connection.ConnectTimeout = v, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
        Duration("Connection:MaxRetryInterval", "Longest pause between two attempts", o => o.Connection.MaxRetryInterval, (o, v) => o.Connection.MaxRetryInterval = v, TimeSpan.FromSeconds(1), Day),
        Map("Connection:Headers", "HTTP headers sent with the dial (values are secret)", o => o.Connection.Headers, (o, v) => o.Connection.Headers = v, ValueRules.Header, secret: true),
        Text("Connection:Hostname", "Host header of the dial", o => o.Connection.Hostname, (o, v) => o.Connection.Hostname = v, ValueRules.HostHeader),
    ];

    private static IEnumerable<ConfigurationKey> Logging() =>
    [
        Level("Logging:Level", "Least important events written: debug, info, warning, error", o => o.Logging.Level, (o, v) => o.Logging.Level = v),
    ];

    private static IEnumerable<ConfigurationKey> FileReception() =>
    [
        Flag("FileReception:Enabled", "Take pushed files", o => o.FileReception.Enabled, (o, v) => o.FileReception.Enabled = v),
        List("FileReception:Protected", "Folders (globs) in and below which nothing is placed; replaces the defaults", o => o.FileReception.Protected, (o, v) => o.FileReception.Protected = v, ValueRules.ProtectedGlob),
        Number("FileReception:MaxConcurrent", "Files fetched at one time", o => o.FileReception.MaxConcurrent, (o, v) => o.FileReception.MaxConcurrent = v, 1, 64),
        Number("FileReception:MaxPending", "Orders that may wait", o => o.FileReception.MaxPending, (o, v) => o.FileReception.MaxPending = v, 1, 100_000),
        Flag("FileReception:AllowSudo", "Use sudo -n for chown and mv where needed", o => o.FileReception.AllowSudo, (o, v) => o.FileReception.AllowSudo = v),
    ];
}
