using System.Security.Cryptography;
using System.Text;

namespace RPort.Gateway.Agents.Credentials;

/// <summary>
/// A stored password, kept as salted SHA-256 whatever form it was configured in. Agents' passwords are long and random, so a slow hash would
/// protect nothing and let a reconnecting fleet wait.
/// </summary>
internal sealed class AgentCredential
{
    private const string HashedPrefix = "sha256:";
    private const int SaltBytes = 16;

    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private AgentCredential(byte[] salt, byte[] hash)
    {
        _salt = salt;
        _hash = hash;
    }

    /// <summary>Verifies nothing: looked at in place of a credential that does not exist, so that names cannot be found out by the clock.</summary>
    public static AgentCredential Nobody { get; } = new(RandomNumberGenerator.GetBytes(SaltBytes), RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes));

    /// <summary>Reads a configured value: <c>sha256:salt:hash</c> (both base64, the hash over salt and password), or the password itself.</summary>
    public static AgentCredential Parse(string stored) => TryParseHashed(stored) ?? OfPassword(stored);

    /// <summary>The form in which a password is stored without being readable.</summary>
    public static string HashForStorage(string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return $"{HashedPrefix}{Convert.ToBase64String(salt)}:{Convert.ToBase64String(Hash(salt, password))}";
    }

    /// <summary>Whether this is the password. Takes the same time for every wrong one.</summary>
    public bool Verify(string password) => CryptographicOperations.FixedTimeEquals(_hash, Hash(_salt, password));

    private static AgentCredential OfPassword(string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new AgentCredential(salt, Hash(salt, password));
    }

    private static AgentCredential? TryParseHashed(string stored)
    {
        if (!stored.StartsWith(HashedPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        string[] parts = stored[HashedPrefix.Length..].Split(':');
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        byte[] salt = new byte[stored.Length];
        return parts.Length == 2
            && Convert.TryFromBase64String(parts[0], salt, out int saltLength)
            && Convert.TryFromBase64String(parts[1], hash, out int hashLength)
            && hashLength == hash.Length
                ? new AgentCredential(salt[..saltLength], hash)
                : null;
    }

    private static byte[] Hash(byte[] salt, string password)
    {
        byte[] input = [.. salt, .. Encoding.UTF8.GetBytes(password)];
        byte[] hash = SHA256.HashData(input);
        CryptographicOperations.ZeroMemory(input);
        return hash;
    }
}
