using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Credentials;

/// <summary>
/// The host key that the existing server makes of its <c>key_seed</c>: a chain of SHA-512, of which every link's second half is a block of random bytes,
/// feeds the P-256 key generation of FIPS 186-4 B.4.1. Agents that have pinned that key know it again. Whoever knows the seed has the key.
/// </summary>
internal static class SeededHostKey
{
    private const int Half = 32;

    // The existing server throws so many links away, to make guessing a weak seed dearer.
    private const int FirstLinks = 2048;

    // 64 bits more than the curve's order has, so that the remainder is as good as uniform.
    private const int RandomBytes = 40;

    // n − 1 of the curve.
    private static readonly BigInteger Range =
        BigInteger.Parse("0ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static SshHostKey Derive(string seed)
    {
        byte[] random = Random(seed);
        BigInteger secret = (new BigInteger(random, isUnsigned: true, isBigEndian: true) % Range) + BigInteger.One;
        byte[] bytes = secret.ToByteArray(isUnsigned: true, isBigEndian: true);
        using ECDsa key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = [.. new byte[Half - bytes.Length], .. bytes] });
        return SshHostKey.FromPem(key.ExportPkcs8PrivateKeyPem());
    }

    private static byte[] Random(string seed)
    {
        byte[] link = SHA512.HashData(Encoding.UTF8.GetBytes(seed));
        for (int i = 1; i < FirstLinks; i++)
        {
            link = SHA512.HashData(link.AsSpan(0, Half));
        }

        List<byte> random = [];
        while (random.Count < RandomBytes)
        {
            link = SHA512.HashData(link.AsSpan(0, Half));
            random.AddRange(link[Half..]);
        }

        return [.. random.Take(RandomBytes)];
    }
}
