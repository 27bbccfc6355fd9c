using System.ComponentModel;

namespace RPort.Gateway.Listeners;

/// <summary>Where agents connect. Bound from <c>Agents</c>.</summary>
internal sealed class AgentListenerOptions
{
    public const string Section = "Agents";

    [Description("Address and port on which agents connect.")]
    public string Address { get; set; } = "0.0.0.0:8080";

    [Description("PEM certificate (with its chain) for TLS on the agent port; empty for plain HTTP. Agents authenticate the server by its SSH fingerprint either way.")]
    public string CertificateFile { get; set; } = "";

    [Description("PEM private key of the agent port's certificate.")]
    public string KeyFile { get; set; } = "";
}

/// <summary>Where operators connect. Bound from <c>Api</c>.</summary>
internal sealed class ApiListenerOptions
{
    public const string Section = "Api";

    [Description("Address and port of the REST API, the feeds and the web page.")]
    public string Address { get; set; } = "0.0.0.0:3000";

    [Description("PEM certificate (with its chain) for TLS on the API port; empty for plain HTTP.")]
    public string CertificateFile { get; set; } = "";

    [Description("PEM private key of the API port's certificate.")]
    public string KeyFile { get; set; } = "";
}
