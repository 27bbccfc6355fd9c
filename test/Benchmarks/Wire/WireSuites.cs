using RPort.Ssh;
using RPort.Ssh.Algorithms;

namespace RPort.Benchmarks.Wire;

/// <summary>The agreed ciphers to measure, by short name: each cipher, and each MAC with the smallest key.</summary>
internal static class WireSuites
{
    public static readonly IReadOnlyDictionary<string, CipherSuite> All = new Dictionary<string, CipherSuite>
    {
        ["gcm128"] = new(SshAlgorithms.Aes128Gcm, null),
        ["ctr128+sha256-etm"] = new(SshAlgorithms.Aes128Ctr, SshAlgorithms.HmacSha256Etm),
        ["ctr128+sha512-etm"] = new(SshAlgorithms.Aes128Ctr, SshAlgorithms.HmacSha512Etm),
        ["ctr128+sha256"] = new(SshAlgorithms.Aes128Ctr, SshAlgorithms.HmacSha256),
        ["ctr128+sha512"] = new(SshAlgorithms.Aes128Ctr, SshAlgorithms.HmacSha512),
        ["ctr192+sha256-etm"] = new(SshAlgorithms.Aes192Ctr, SshAlgorithms.HmacSha256Etm),
        ["ctr256+sha256-etm"] = new(SshAlgorithms.Aes256Ctr, SshAlgorithms.HmacSha256Etm),
    };

    /// <summary>A protection under keys of zeros: two of them are the two ends of one direction.</summary>
    public static PacketProtection Protect(string name)
    {
        CipherSuite suite = All[name];
        return suite.Protect(new byte[suite.KeyBytes], new byte[suite.InitialVectorBytes], new byte[suite.MacKeyBytes]);
    }
}
