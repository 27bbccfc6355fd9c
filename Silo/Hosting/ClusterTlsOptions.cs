using System.ComponentModel;

namespace RPort.Silo.Hosting;

/// <summary>TLS between the processes of a cluster. Bound from <c>Cluster:Tls</c>. Given as a whole or not at all.</summary>
public sealed class ClusterTlsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Cluster:Tls";

    /// <summary>This process's certificate, followed by intermediate ones where there are any.</summary>
    [Description("PEM file with this process's certificate. Read again when it changes.")]
    public string CertificateFile { get; set; } = "";

    /// <summary>The private key of the certificate.</summary>
    [Description("PEM file with the certificate's private key.")]
    public string KeyFile { get; set; } = "";

    /// <summary>Who may sign the certificates of the cluster's processes.</summary>
    [Description("PEM file with the authority that signed the certificates of all silos and gateways. A peer without a certificate of this authority is refused.")]
    public string AuthorityFile { get; set; } = "";

    /// <summary>Whether TLS is used.</summary>
    internal bool IsOn => CertificateFile.Length > 0;

    internal IEnumerable<string> Mistakes()
    {
        (string Name, string Value)[] files = [(nameof(CertificateFile), CertificateFile), (nameof(KeyFile), KeyFile), (nameof(AuthorityFile), AuthorityFile)];
        foreach ((string name, string value) in files)
        {
            if (value.Length == 0 && files.Any(file => file.Value.Length > 0))
            {
                yield return $"{Section}:{name} must be given with the other two settings of {Section}.";
            }
            else if (value.Length > 0 && !File.Exists(value))
            {
                yield return $"{Section}:{name} ({value}) does not exist or cannot be read.";
            }
        }
    }
}
