using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;
using Orleans.Hosting;
using RPort.Silo.Configuration;

namespace RPort.Silo.Hosting;

/// <summary>
/// The certificates of TLS between silos and gateways. Both ends of a connection show one that the cluster's authority has signed. Host names are not
/// compared: silos are known by address, and any process with such a certificate is a member.
/// </summary>
internal sealed class ClusterCertificates
{
    /// <summary>What the client asks for; the certificate need not carry it.</summary>
    private const string ServerName = "rport-silo";

    private readonly ClusterTlsOptions _options;
    private readonly X509Certificate2Collection _authorities = [];
    private readonly Lock _reading = new();
    private DateTime _readAt;
    private X509Certificate2 _own;

    /// <exception cref="ConfigurationMistakeException">A file holds something else than it should.</exception>
    public ClusterCertificates(ClusterTlsOptions options)
    {
        _options = options;
        try
        {
            _authorities.ImportFromPemFile(options.AuthorityFile);
            _readAt = LastChange();
            _own = Read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationMistakeException($"{ClusterTlsOptions.Section}: the certificate, its key or the authority cannot be read: {e.Message}");
        }

        if (_authorities.Count == 0)
        {
            throw new ConfigurationMistakeException($"{ClusterTlsOptions.Section}:{nameof(options.AuthorityFile)} ({options.AuthorityFile}) holds no certificate.");
        }

        if (!IsOfThisCluster(_own))
        {
            throw new ConfigurationMistakeException(
                $"{ClusterTlsOptions.Section}:{nameof(options.CertificateFile)} ({options.CertificateFile}) is not signed by {nameof(options.AuthorityFile)}, or not valid now.");
        }
    }

    public static void Use(ISiloBuilder silo, ClusterTlsOptions options)
    {
        if (options.IsOn)
        {
            ClusterCertificates certificates = new(options);
            silo.UseTls(certificates.Configure);
        }
    }

    public static void Use(IClientBuilder client, ClusterTlsOptions options)
    {
        if (options.IsOn)
        {
            ClusterCertificates certificates = new(options);
            client.UseTls(certificates.Configure);
        }
    }

    private void Configure(TlsOptions tls)
    {
        tls.LocalCertificate = _own; // the library wants one; the selectors are what is used
        tls.LocalServerCertificateSelector = (_, _) => Current();
        tls.LocalClientCertificateSelector = (_, _, _, _, _) => Current();
        tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.RemoteCertificateValidation = (certificate, _, _) => IsOfThisCluster(certificate);
        tls.OnAuthenticateAsClient = (_, client) => client.TargetHost = ServerName;
    }

    private bool IsOfThisCluster(X509Certificate2 certificate)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // a lost key is answered by a new authority
        return chain.Build(certificate);
    }

    /// <summary>Certificates are renewed while processes run: the next connection uses the new one.</summary>
    private X509Certificate2 Current()
    {
        lock (_reading)
        {
            try
            {
                if (LastChange() is var change && change != _readAt)
                {
                    _own = Read();
                    _readAt = change;
                }
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                // Half-written, or gone for a moment: the one we have is used until the files are whole.
            }

            return _own;
        }
    }

    private DateTime LastChange()
    {
        DateTime certificate = File.GetLastWriteTimeUtc(_options.CertificateFile);
        DateTime key = File.GetLastWriteTimeUtc(_options.KeyFile);
        return certificate > key ? certificate : key;
    }

    private X509Certificate2 Read() => X509Certificate2.CreateFromPemFile(_options.CertificateFile, _options.KeyFile);
}
