using System.Security.Cryptography;
using RPort.Ssh.Algorithms;
using RPort.Ssh.Wire;

namespace RPort.Ssh.KeyExchange;

/// <summary>Turns the shared secret and the exchange hash into the keys of both directions (RFC 4253 §7.2).</summary>
internal static class SessionKeys
{
    public static PacketProtection ToServer(CipherSuite suite, HashAlgorithmName hash, byte[] secret, byte[] exchangeHash, byte[] sessionId) =>
        Build(suite, 'A', 'C', 'E', hash, secret, exchangeHash, sessionId);

    public static PacketProtection ToClient(CipherSuite suite, HashAlgorithmName hash, byte[] secret, byte[] exchangeHash, byte[] sessionId) =>
        Build(suite, 'B', 'D', 'F', hash, secret, exchangeHash, sessionId);

    /// <summary>H, over both version lines, both KEXINITs, the host key, both points and the secret (RFC 5656 §4).</summary>
    public static byte[] ExchangeHash(HashAlgorithmName hash, in ExchangeTranscript transcript, ReadOnlySpan<byte> secret)
    {
        using SshWriter writer = new(stackalloc byte[4096]);
        writer.WriteString(transcript.ClientVersion);
        writer.WriteString(transcript.ServerVersion);
        writer.WriteString(transcript.ClientInit);
        writer.WriteString(transcript.ServerInit);
        writer.WriteString(transcript.HostKey);
        writer.WriteString(transcript.ClientPoint);
        writer.WriteString(transcript.ServerPoint);
        writer.WriteMpint(secret);
        return CryptographicOperations.HashData(hash, writer.Written);
    }

    private static PacketProtection Build(
        CipherSuite suite, char iv, char key, char mac, HashAlgorithmName hash, byte[] secret, byte[] exchangeHash, byte[] sessionId)
    {
        byte[] keyBytes = Derive(suite.KeyBytes, key, hash, secret, exchangeHash, sessionId);
        byte[] macBytes = Derive(suite.MacKeyBytes, mac, hash, secret, exchangeHash, sessionId);
        byte[] ivBytes = Derive(suite.InitialVectorBytes, iv, hash, secret, exchangeHash, sessionId);
        PacketProtection protection = suite.Protect(keyBytes, ivBytes, macBytes);
        CryptographicOperations.ZeroMemory(keyBytes);
        CryptographicOperations.ZeroMemory(macBytes);
        return protection;
    }

    private static byte[] Derive(int count, char letter, HashAlgorithmName hash, byte[] secret, byte[] exchangeHash, byte[] sessionId)
    {
        byte[] result = new byte[count];
        int filled = 0;
        Span<byte> lent = stackalloc byte[512];
        while (filled < count)
        {
            // K1 = HASH(K || H || letter || session_id), Kn = HASH(K || H || K1 … Kn-1)
            using SshWriter writer = new(lent);
            writer.WriteMpint(secret);
            writer.WriteRaw(exchangeHash);
            if (filled == 0)
            {
                writer.WriteByte((byte)letter);
                writer.WriteRaw(sessionId);
            }
            else
            {
                writer.WriteRaw(result.AsSpan(0, filled));
            }

            byte[] block = CryptographicOperations.HashData(hash, writer.Written);
            int take = Math.Min(block.Length, count - filled);
            block.AsSpan(0, take).CopyTo(result.AsSpan(filled));
            filled += take;
        }

        return result;
    }
}

/// <summary>What both sides said, as far as the exchange hash covers it.</summary>
internal readonly record struct ExchangeTranscript(
    string ClientVersion, string ServerVersion, byte[] ClientInit, byte[] ServerInit, byte[] HostKey, byte[] ClientPoint, byte[] ServerPoint);
