using RPort.Ssh.Algorithms;

namespace RPort.Ssh.KeyExchange;

/// <summary>What two KEXINITs agree on: in each list the client's first name that the server has too (RFC 4253 §7.1).</summary>
internal sealed record Agreement(string KeyExchange, string HostKey, CipherSuite ToServer, CipherSuite ToClient)
{
    public const string StrictClient = "kex-strict-c-v00@openssh.com";
    public const string StrictServer = "kex-strict-s-v00@openssh.com";
    public const string ExtInfoClient = "ext-info-c";
    public const string ExtInfoServer = "ext-info-s";

    private static readonly string[] Markers = [StrictClient, StrictServer, ExtInfoClient, ExtInfoServer];

    /// <exception cref="SshProtocolException">One of the lists has nothing in common.</exception>
    public static Agreement Find(KexInit client, KexInit server)
    {
        string cipherToServer = Pick("cipher to the server", client.CiphersToServer, server.CiphersToServer);
        string cipherToClient = Pick("cipher to the client", client.CiphersToClient, server.CiphersToClient);
        Pick("compression to the server", client.CompressionsToServer, server.CompressionsToServer);
        Pick("compression to the client", client.CompressionsToClient, server.CompressionsToClient);
        return new Agreement(
            Pick("key exchange", Real(client.KeyExchanges), Real(server.KeyExchanges)),
            Pick("host key", client.HostKeys, server.HostKeys),
            new CipherSuite(cipherToServer, PickMac("MAC to the server", cipherToServer, client.MacsToServer, server.MacsToServer)),
            new CipherSuite(cipherToClient, PickMac("MAC to the client", cipherToClient, client.MacsToClient, server.MacsToClient)));
    }

    /// <summary>Whether the packet that follows a KEXINIT was guessed right: both sides' first choices are the same (RFC 4253 §7).</summary>
    public static bool GuessIsRight(KexInit client, KexInit server) =>
        Real(client.KeyExchanges).FirstOrDefault() is { } kex && kex == Real(server.KeyExchanges).FirstOrDefault()
        && client.HostKeys.FirstOrDefault() is { } hostKey && hostKey == server.HostKeys.FirstOrDefault();

    private static string[] Real(string[] keyExchanges) => Array.FindAll(keyExchanges, static name => !Markers.Contains(name));

    private static string? PickMac(string what, string cipher, string[] client, string[] server) =>
        CipherSuite.IsAuthenticated(cipher) ? null : Pick(what, client, server);

    private static string Pick(string what, string[] client, string[] server) =>
        Array.Find(client, server.Contains) ?? throw new SshProtocolException(
            SshDisconnectReason.KeyExchangeFailed, $"No {what} in common: the client offers {List(client)}; the server offers {List(server)}.");

    private static string List(string[] names) => string.Join(',', names) is var text && text.Length > 400 ? text[..400] : text;
}
