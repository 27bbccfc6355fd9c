using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace RPort.Gateway.Listeners;

/// <summary>A server certificate in PEM files.</summary>
internal static class TlsCertificate
{
    /// <summary>Reads certificate, chain and key.</summary>
    public static HttpsConnectionAdapterOptions Read(string certificateFile, string keyFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);
        return new HttpsConnectionAdapterOptions
        {
            ServerCertificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile),
            ServerCertificateChain = chain,
        };
    }

    /// <summary>Why the files cannot be used; null where they can.</summary>
    public static string? Obstacle(string certificateFile, string keyFile)
    {
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return e.Message;
        }
    }
}
