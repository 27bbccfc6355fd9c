using System.Security.Cryptography;
using System.Text;

namespace RPort.Ssh;

/// <summary>The public part of a host key, and the two short forms in which people compare it.</summary>
/// <param name="Algorithm">The key format, such as <c>ecdsa-sha2-nistp256</c> or <c>ssh-rsa</c>.</param>
/// <param name="Blob">The public key as it goes over the wire (RFC 4253 §6.6).</param>
public sealed record SshHostKeyFingerprint(string Algorithm, byte[] Blob)
{
    private const string Sha256Prefix = "SHA256:";
    private const string Md5Prefix = "MD5:";

    /// <summary><c>SHA256:</c> and base64 without padding, as OpenSSH prints it.</summary>
    public string Sha256 => Sha256Prefix + Convert.ToBase64String(SHA256.HashData(Blob)).TrimEnd('=');

    /// <summary>Sixteen lower-case hexadecimal bytes with colons, as older tools print it.</summary>
    public string Md5
    {
        get
        {
#pragma warning disable CA5351 // A display form that existing configurations pin; SHA-256 is the one to use.
            byte[] hash = MD5.HashData(Blob);
#pragma warning restore CA5351
            return string.Join(':', hash.Select(static b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Whether a configured fingerprint is this key's. Compares the whole text, never a prefix, in a time that tells nothing.</summary>
    /// <param name="pinned">Either form; the MD5 one in any case of letters and with or without <c>MD5:</c> before it.</param>
    /// <returns>True when it is.</returns>
    public bool Matches(string pinned)
    {
        ArgumentNullException.ThrowIfNull(pinned);
        string given = pinned.Trim();
        if (given.StartsWith(Sha256Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return SameText(Sha256[Sha256Prefix.Length..], given[Sha256Prefix.Length..].TrimEnd('='));
        }

        string hex = given.StartsWith(Md5Prefix, StringComparison.OrdinalIgnoreCase) ? given[Md5Prefix.Length..] : given;
        return SameText(Md5, hex.ToLowerInvariant());
    }

    private static bool SameText(string ours, string theirs) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(ours), Encoding.UTF8.GetBytes(theirs));
}
