
namespace RPort.Gateway.Listeners;

/// <summary>Where agents connect. Bound from <c>Agents</c>.</summary>
internal sealed class AgentListenerOptions
{
    public const string Section = "Agents";

    /// <summary>Address and port on which agents connect.</summary>
    public string Address { get; set; } = "0.0.0.0:8080";

    /// <summary>PEM certificate (with its chain) for TLS on the agent port; empty for plain HTTP. Agents authenticate the server by its SSH fingerprint either way.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>PEM private key of the agent port's certificate.</summary>
    public string KeyFile { get; set; } = "";
}

/// <summary>Where operators connect. Bound from <c>Api</c>.</summary>
internal sealed class ApiListenerOptions
{
    public const string Section = "Api";

    /// <summary>Address and port of the REST API, the feeds and the web page.</summary>
    public string Address { get; set; } = "0.0.0.0:3000";

    /// <summary>PEM certificate (with its chain) for TLS on the API port; empty for plain HTTP.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>PEM private key of the API port's certificate.</summary>
    public string KeyFile { get; set; } = "";
}
