using System.Collections.Frozen;
using System.Text.Json;

namespace RPort.Gateway.Agents.Credentials;

/// <summary>The credentials valid at one time. Immutable: a changed file makes a new set.</summary>
internal sealed class AgentCredentials
{
    /// <summary>The longest name a credential may have.</summary>
    public const int MaxNameLength = 128;

    private readonly FrozenDictionary<string, AgentCredential> _byName;

    private AgentCredentials(IEnumerable<KeyValuePair<string, AgentCredential>> credentials) =>
        _byName = credentials.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>How many there are.</summary>
    public int Count => _byName.Count;

    /// <summary>Whether a credential of this name exists.</summary>
    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>Whether the name exists and the password is its own.</summary>
    public bool Verify(string name, string password)
    {
        bool known = _byName.TryGetValue(name, out AgentCredential? credential);
        return (credential ?? AgentCredential.Nobody).Verify(password) && known;
    }

    /// <summary>The pair of <c>Agents:Auth</c>, or a <see cref="FormatException"/> that does not quote it.</summary>
    public static AgentCredentials ParsePair(string pair)
    {
        int colon = pair.IndexOf(':');
        string name = colon < 0 ? "" : pair[..colon];
        Check(name, pair[(colon + 1)..]);
        return new AgentCredentials([new(name, AgentCredential.Parse(pair[(colon + 1)..]))]);
    }

    /// <summary>The content of an <c>Agents:AuthFile</c>, or a <see cref="FormatException"/> that does not quote it.</summary>
    public static AgentCredentials ParseFile(ReadOnlySpan<byte> json)
    {
        Dictionary<string, string?>? pairs;
        try
        {
            pairs = JsonSerializer.Deserialize<Dictionary<string, string?>>(json);
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is no JSON object of texts (line {e.LineNumber + 1})");
        }

        if (pairs is null)
        {
            throw new FormatException("it holds no JSON object");
        }

        Dictionary<string, AgentCredential> credentials = [];
        foreach ((string name, string? password) in pairs)
        {
            Check(name, password ?? "");
            credentials[name] = AgentCredential.Parse(password!);
        }

        return new AgentCredentials(credentials);
    }

    private static void Check(string name, string password)
    {
        if (name.Length is 0 or > MaxNameLength || name.Any(char.IsControl))
        {
            throw new FormatException($"a credential's name must have 1 to {MaxNameLength} visible characters");
        }

        if (password.Length == 0)
        {
            throw new FormatException($"the credential '{name}' has no password");
        }
    }
}
