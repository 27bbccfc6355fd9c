using System.Security.Cryptography;

namespace RPort.Ssh.KeyExchange;

/// <summary>One ephemeral key pair of elliptic-curve Diffie-Hellman (RFC 5656 §4).</summary>
internal sealed class EcdhExchange : IDisposable
{
    private const byte Uncompressed = 4;

    private readonly ECDiffieHellman _key;
    private readonly ECCurve _curve;
    private readonly int _coordinateBytes;

    public EcdhExchange(string algorithm)
    {
        (_curve, _coordinateBytes, Hash) = algorithm switch
        {
            SshAlgorithms.EcdhSha2NistP256 => (ECCurve.NamedCurves.nistP256, 32, HashAlgorithmName.SHA256),
            SshAlgorithms.EcdhSha2NistP384 => (ECCurve.NamedCurves.nistP384, 48, HashAlgorithmName.SHA384),
            SshAlgorithms.EcdhSha2NistP521 => (ECCurve.NamedCurves.nistP521, 66, HashAlgorithmName.SHA512),
            _ => throw new InvalidOperationException($"The key exchange {algorithm} is not known."),
        };
        _key = ECDiffieHellman.Create(_curve);
        ECPoint point = _key.ExportParameters(includePrivateParameters: false).Q;
        PublicPoint = [Uncompressed, .. point.X!, .. point.Y!];
    }

    /// <summary>The hash of the exchange.</summary>
    public HashAlgorithmName Hash { get; }

    /// <summary>Our public point, uncompressed.</summary>
    public byte[] PublicPoint { get; }

    /// <summary>The shared secret, a non-negative integer in big-endian bytes.</summary>
    /// <exception cref="SshProtocolException">The peer's point is not one of the curve.</exception>
    public byte[] Derive(ReadOnlySpan<byte> peerPoint)
    {
        if (peerPoint.Length != 1 + (2 * _coordinateBytes) || peerPoint[0] != Uncompressed)
        {
            throw BadPoint(null);
        }

        ECPoint point = new()
        {
            X = peerPoint.Slice(1, _coordinateBytes).ToArray(),
            Y = peerPoint[(1 + _coordinateBytes)..].ToArray(),
        };
        try
        {
            // The import checks that the point lies on the curve.
            using ECDiffieHellman peer = ECDiffieHellman.Create(new ECParameters { Curve = _curve, Q = point });
            using ECDiffieHellmanPublicKey peerKey = peer.PublicKey;
            return _key.DeriveRawSecretAgreement(peerKey);
        }
        catch (CryptographicException e)
        {
            throw BadPoint(e);
        }
    }

    public void Dispose() => _key.Dispose();

    private static SshProtocolException BadPoint(Exception? inner) =>
        new(SshDisconnectReason.KeyExchangeFailed, "The peer's public point is not valid.", inner);
}
