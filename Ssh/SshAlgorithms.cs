namespace RPort.Ssh;

/// <summary>Names of the algorithms this library speaks, in its order of preference.</summary>
public static class SshAlgorithms
{
    /// <summary>Elliptic-curve Diffie-Hellman over NIST P-256 (RFC 5656).</summary>
    public const string EcdhSha2NistP256 = "ecdh-sha2-nistp256";

    /// <summary>Elliptic-curve Diffie-Hellman over NIST P-384 (RFC 5656).</summary>
    public const string EcdhSha2NistP384 = "ecdh-sha2-nistp384";

    /// <summary>Elliptic-curve Diffie-Hellman over NIST P-521 (RFC 5656).</summary>
    public const string EcdhSha2NistP521 = "ecdh-sha2-nistp521";

    /// <summary>ECDSA host key over NIST P-256 (RFC 5656).</summary>
    public const string EcdsaSha2NistP256 = "ecdsa-sha2-nistp256";

    /// <summary>RSA host key with SHA-256 signatures (RFC 8332).</summary>
    public const string RsaSha2With256 = "rsa-sha2-256";

    /// <summary>RSA host key with SHA-512 signatures (RFC 8332).</summary>
    public const string RsaSha2With512 = "rsa-sha2-512";

    /// <summary>AES-128 in Galois/counter mode with the length in the clear (RFC 5647 as amended by OpenSSH).</summary>
    public const string Aes128Gcm = "aes128-gcm@openssh.com";

    /// <summary>AES-128 in counter mode (RFC 4344).</summary>
    public const string Aes128Ctr = "aes128-ctr";

    /// <summary>AES-192 in counter mode (RFC 4344).</summary>
    public const string Aes192Ctr = "aes192-ctr";

    /// <summary>AES-256 in counter mode (RFC 4344).</summary>
    public const string Aes256Ctr = "aes256-ctr";

    /// <summary>HMAC-SHA-256 over the cipher text.</summary>
    public const string HmacSha256Etm = "hmac-sha2-256-etm@openssh.com";

    /// <summary>HMAC-SHA-512 over the cipher text.</summary>
    public const string HmacSha512Etm = "hmac-sha2-512-etm@openssh.com";

    /// <summary>HMAC-SHA-256 over the plain text (RFC 6668).</summary>
    public const string HmacSha256 = "hmac-sha2-256";

    /// <summary>HMAC-SHA-512 over the plain text (RFC 6668).</summary>
    public const string HmacSha512 = "hmac-sha2-512";

    /// <summary>Every key exchange, preferred first.</summary>
    public static IReadOnlyList<string> KeyExchanges { get; } = [EcdhSha2NistP256, EcdhSha2NistP384, EcdhSha2NistP521];

    /// <summary>Every host key algorithm, preferred first.</summary>
    public static IReadOnlyList<string> HostKeys { get; } = [EcdsaSha2NistP256, RsaSha2With512, RsaSha2With256];

    /// <summary>Every cipher, preferred first.</summary>
    public static IReadOnlyList<string> Ciphers { get; } = [Aes128Gcm, Aes128Ctr, Aes192Ctr, Aes256Ctr];

    /// <summary>Every message authentication code for the counter-mode ciphers, preferred first.</summary>
    public static IReadOnlyList<string> Macs { get; } = [HmacSha256Etm, HmacSha512Etm, HmacSha256, HmacSha512];
}
