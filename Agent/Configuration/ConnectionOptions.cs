namespace RPort.Agent.Configuration;

/// <summary>How a connection is made and watched. Section <c>Connection</c>.</summary>
internal sealed class ConnectionOptions
{
    /// <summary>Time between two signs of life asked of the gateway.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Wait for such a sign. The link is dead after one wait in which nothing at all came, or after two.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Time for all of a connection attempt: name, proxy, TLS, upgrade, key exchange, login, registration.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause between two connection attempts. The pause is random below a bound that doubles from one second up to this.</summary>
    public TimeSpan MaxRetryInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>HTTP headers sent with the dial, for reverse proxies that ask for some. Values count as secrets.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>();

    /// <summary>The <c>Host</c> header of the dial. Empty: the gateway's address.</summary>
    public string Hostname { get; set; } = "";
}
