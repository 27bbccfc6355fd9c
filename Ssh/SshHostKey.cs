using System.Security.Cryptography;
using RPort.Ssh.Wire;

namespace RPort.Ssh;

/// <summary>
/// A host's private key: ECDSA over P-256, or RSA of at least 2048 bits. May be shared by any number of connections at one time.
/// </summary>
public sealed class SshHostKey : IDisposable
{
    private const int MinRsaBits = 2048;

    // Instances of the platform's key types are not promised to be safe under concurrent use.
    private readonly Lock _signing = new();
    private readonly ECDsa? _ecdsa;
    private readonly RSA? _rsa;

    private SshHostKey(ECDsa ecdsa)
    {
        _ecdsa = ecdsa;
        ECParameters key = ecdsa.ExportParameters(includePrivateParameters: false);
        using SshWriter blob = new(stackalloc byte[128]);
        blob.WriteString("ecdsa-sha2-nistp256"u8);
        blob.WriteString("nistp256"u8);
        blob.WriteString([4, .. key.Q.X!, .. key.Q.Y!]);
        Fingerprint = new SshHostKeyFingerprint(SshAlgorithms.EcdsaSha2NistP256, blob.Written.ToArray());
        Algorithms = [SshAlgorithms.EcdsaSha2NistP256];
    }

    private SshHostKey(RSA rsa)
    {
        _rsa = rsa;
        RSAParameters key = rsa.ExportParameters(includePrivateParameters: false);
        using SshWriter blob = new(stackalloc byte[1024]);
        blob.WriteString("ssh-rsa"u8);
        blob.WriteMpint(key.Exponent);
        blob.WriteMpint(key.Modulus);
        Fingerprint = new SshHostKeyFingerprint("ssh-rsa", blob.Written.ToArray());
        Algorithms = [SshAlgorithms.RsaSha2With512, SshAlgorithms.RsaSha2With256];
    }

    /// <summary>The public part.</summary>
    public SshHostKeyFingerprint Fingerprint { get; }

    /// <summary>Signature algorithms this key can be used with, preferred first.</summary>
    internal IReadOnlyList<string> Algorithms { get; }

    /// <summary>Makes a new ECDSA P-256 key.</summary>
    /// <returns>The key, owned by the caller.</returns>
    public static SshHostKey GenerateEcdsa() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads an unencrypted private key in PEM: PKCS #8, SEC1 (<c>EC PRIVATE KEY</c>) or PKCS #1 (<c>RSA PRIVATE KEY</c>).</summary>
    /// <param name="pem">The text.</param>
    /// <returns>The key, owned by the caller.</returns>
    /// <exception cref="ArgumentException">Not a private key, or not one of a kind and size that is supported.</exception>
    public static SshHostKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        return TryEcdsa(pem) ?? TryRsa(pem) ?? throw new ArgumentException(
            $"Not a PEM private key of a supported kind (ECDSA P-256, or RSA of at least {MinRsaBits} bits).", nameof(pem));
    }

    /// <summary>The private key in PEM (PKCS #8). A secret.</summary>
    /// <returns>The text.</returns>
    public string ToPem() => _ecdsa?.ExportPkcs8PrivateKeyPem() ?? _rsa!.ExportPkcs8PrivateKeyPem();

    /// <summary>Frees the key. No connection may be accepting with it any more.</summary>
    public void Dispose()
    {
        _ecdsa?.Dispose();
        _rsa?.Dispose();
    }

    /// <summary>Signs and encodes as RFC 4253 §6.6 says: algorithm name, then the signature of that algorithm.</summary>
    internal byte[] Sign(string algorithm, ReadOnlySpan<byte> message)
    {
        using SshWriter signature = new(stackalloc byte[1024]);
        signature.WriteString(algorithm);
        lock (_signing)
        {
            if (_ecdsa is not null)
            {
                byte[] rs = _ecdsa.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
                using SshWriter inner = new(stackalloc byte[96]);
                inner.WriteMpint(rs.AsSpan(0, rs.Length / 2));
                inner.WriteMpint(rs.AsSpan(rs.Length / 2));
                signature.WriteString(inner.Written);
            }
            else
            {
                HashAlgorithmName hash = algorithm == SshAlgorithms.RsaSha2With512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
                signature.WriteString(_rsa!.SignData(message, hash, RSASignaturePadding.Pkcs1));
            }
        }

        return signature.Written.ToArray();
    }

    private static SshHostKey? TryEcdsa(string pem)
    {
        ECDsa ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportFromPem(pem);
            if (ecdsa.KeySize == 256 && ecdsa.ExportParameters(includePrivateParameters: true).D is not null)
            {
                return new SshHostKey(ecdsa);
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Not such a key; the caller tries the other kind and then says so.
        }

        ecdsa.Dispose();
        return null;
    }

    private static SshHostKey? TryRsa(string pem)
    {
        RSA rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(pem);
            if (rsa.KeySize >= MinRsaBits && rsa.ExportParameters(includePrivateParameters: true).D is not null)
            {
                return new SshHostKey(rsa);
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Not such a key; the caller says so.
        }

        rsa.Dispose();
        return null;
    }
}
