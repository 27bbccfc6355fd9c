using System.Security.Cryptography;
using RPort.Ssh.Wire;

namespace RPort.Ssh.KeyExchange;

/// <summary>The client's check that the server holds the host key it shows (RFC 4253 §8, RFC 5656 §3, RFC 8332).</summary>
internal static class HostKeyProof
{
    private const int MaxNameBytes = 64;
    private const int MaxRsaBytes = 2048; // 16384 bits: what OpenSSL itself refuses to go beyond
    private const int MinRsaBits = 2048;
    private const int P256Bytes = 32;

    /// <summary>Reads a host key's own name, which an application is shown.</summary>
    public static bool TryReadAlgorithm(ReadOnlySpan<byte> blob, out string algorithm) => new SshReader(blob).TryReadText(MaxNameBytes, out algorithm);

    /// <summary>Checks a signature over the exchange hash. False for everything that is not a good signature of the agreed kind.</summary>
    public static bool Verify(string algorithm, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> exchangeHash)
    {
        SshReader outer = new(signature);
        if (!outer.TryReadText(MaxNameBytes, out string signatureAlgorithm)
            || signatureAlgorithm != algorithm
            || !outer.TryReadString(MaxRsaBytes, out ReadOnlySpan<byte> value)
            || !outer.AtEnd)
        {
            return false;
        }

        try
        {
            return algorithm == SshAlgorithms.EcdsaSha2NistP256
                ? VerifyEcdsa(blob, value, exchangeHash)
                : VerifyRsa(algorithm, blob, value, exchangeHash);
        }
        catch (CryptographicException)
        {
            return false; // a key or signature the platform will not even look at
        }
    }

    private static bool VerifyEcdsa(ReadOnlySpan<byte> blob, ReadOnlySpan<byte> value, ReadOnlySpan<byte> message)
    {
        SshReader key = new(blob);
        SshReader numbers = new(value);
        if (!key.TryReadString(MaxNameBytes, out ReadOnlySpan<byte> name) || !name.SequenceEqual("ecdsa-sha2-nistp256"u8)
            || !key.TryReadString(MaxNameBytes, out ReadOnlySpan<byte> curve) || !curve.SequenceEqual("nistp256"u8)
            || !key.TryReadString(1 + (2 * P256Bytes), out ReadOnlySpan<byte> point) || point.Length != 1 + (2 * P256Bytes) || point[0] != 4
            || !key.AtEnd
            || !numbers.TryReadMpint(P256Bytes, out ReadOnlySpan<byte> r)
            || !numbers.TryReadMpint(P256Bytes, out ReadOnlySpan<byte> s)
            || !numbers.AtEnd)
        {
            return false;
        }

        Span<byte> fixedSize = stackalloc byte[2 * P256Bytes];
        fixedSize.Clear();
        r.CopyTo(fixedSize[(P256Bytes - r.Length)..]);
        s.CopyTo(fixedSize[((2 * P256Bytes) - s.Length)..]);
        using ECDsa ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = point.Slice(1, P256Bytes).ToArray(), Y = point[(1 + P256Bytes)..].ToArray() },
        });
        return ecdsa.VerifyData(message, fixedSize, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static bool VerifyRsa(string algorithm, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> value, ReadOnlySpan<byte> message)
    {
        SshReader key = new(blob);
        if (!key.TryReadString(MaxNameBytes, out ReadOnlySpan<byte> name) || !name.SequenceEqual("ssh-rsa"u8)
            || !key.TryReadMpint(8, out ReadOnlySpan<byte> exponent)
            || !key.TryReadMpint(MaxRsaBytes, out ReadOnlySpan<byte> modulus)
            || !key.AtEnd
            || modulus.Length * 8 < MinRsaBits
            || exponent.IsEmpty)
        {
            return false;
        }

        using RSA rsa = RSA.Create(new RSAParameters { Exponent = exponent.ToArray(), Modulus = modulus.ToArray() });
        HashAlgorithmName hash = algorithm == SshAlgorithms.RsaSha2With512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
        return rsa.VerifyData(message, value, hash, RSASignaturePadding.Pkcs1);
    }
}
