using System.Security.Cryptography;

namespace RPort.Ssh.Algorithms;

/// <summary>The agreed cipher and MAC of one direction: which key material they need, and how to build them from it.</summary>
internal sealed record CipherSuite(string Cipher, string? Mac)
{
    /// <summary>Whether the cipher authenticates by itself, so that no MAC is agreed for it.</summary>
    public static bool IsAuthenticated(string cipher) => cipher == SshAlgorithms.Aes128Gcm;

    public int KeyBytes => Cipher switch
    {
        SshAlgorithms.Aes128Gcm or SshAlgorithms.Aes128Ctr => 16,
        SshAlgorithms.Aes192Ctr => 24,
        SshAlgorithms.Aes256Ctr => 32,
        _ => throw new InvalidOperationException($"The cipher {Cipher} is not known."),
    };

    public int InitialVectorBytes => IsAuthenticated(Cipher) ? GcmProtection.NonceBytes : AesCounter.BlockBytes;

    public int MacKeyBytes => Mac switch
    {
        null => 0,
        SshAlgorithms.HmacSha256 or SshAlgorithms.HmacSha256Etm => 32,
        SshAlgorithms.HmacSha512 or SshAlgorithms.HmacSha512Etm => 64,
        _ => throw new InvalidOperationException($"The MAC {Mac} is not known."),
    };

    public PacketProtection Protect(byte[] key, byte[] initialVector, byte[] macKey)
    {
        if (Mac is null)
        {
            return new GcmProtection(key, initialVector);
        }

        HashAlgorithmName hash = MacKeyBytes == 64 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
        return new CtrProtection(key, initialVector, hash, macKey, Mac.EndsWith("-etm@openssh.com", StringComparison.Ordinal));
    }
}
