using RPort.Ssh;

namespace RPort.Interop;

/// <summary>Every combination of what we offer. A MAC is chosen only beside a CTR cipher, since GCM brings its own.</summary>
internal static class Algorithms
{
    public const string NoMac = "";

    private static IEnumerable<(string Cipher, string Mac)> CiphersWithMacs =>
        from cipher in SshAlgorithms.Ciphers
        from mac in cipher == SshAlgorithms.Aes128Gcm ? [NoMac] : SshAlgorithms.Macs
        select (cipher, mac);

    /// <summary>Key exchange, host key, cipher, MAC.</summary>
    public static TheoryData<string, string, string, string> Matrix()
    {
        TheoryData<string, string, string, string> rows = [];
        foreach (string keyExchange in SshAlgorithms.KeyExchanges)
        {
            foreach (string hostKey in SshAlgorithms.HostKeys)
            {
                foreach ((string cipher, string mac) in CiphersWithMacs)
                {
                    rows.Add(keyExchange, hostKey, cipher, mac);
                }
            }
        }

        return rows;
    }
}
