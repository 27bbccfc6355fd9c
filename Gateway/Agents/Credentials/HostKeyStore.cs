using Microsoft.Extensions.Options;
using RPort.Gateway.Access;
using RPort.Gateway.Status;
using RPort.Silo.Configuration;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Credentials;

/// <summary>The key agents know this gateway by: from the configuration, or made once and kept. Owns it.</summary>
internal sealed class HostKeyStore : IHostIdentity, IDisposable
{
    private const string GeneratedFile = "host_ecdsa.pem";

    /// <summary>Reads or makes the key. Throws what keeps the gateway from starting.</summary>
    public HostKeyStore(IOptions<AgentDoorOptions> options, ILogger<HostKeyStore> logger)
    {
        string configured = options.Value.HostKey.Trim();
        string source;
        if (options.Value.HostKeySeed.Length > 0)
        {
            source = "of the configured seed";
            Key = SeededHostKey.Derive(options.Value.HostKeySeed);
        }
        else if (configured.StartsWith("-----BEGIN", StringComparison.Ordinal))
        {
            source = "from the configuration";
            Key = Read(configured, source);
        }
        else
        {
            string file = Path.GetFullPath(configured.Length > 0 ? configured : Path.Combine(options.Value.KeyFolder, GeneratedFile));
            source = "of " + file;
            if (configured.Length == 0 && !File.Exists(file))
            {
                using var made = SshHostKey.GenerateEcdsa();
                PrivateFile.Write(file, made.ToPem() + "\n", overwrite: false);
            }

            Key = ReadFile(file, source);
        }

        FingerprintSha256 = Key.Fingerprint.Sha256;
        FingerprintMd5 = Key.Fingerprint.Md5;
        AgentDoorLog.HostKeyInUse(logger, source, FingerprintSha256, FingerprintMd5);
    }

    public SshHostKey Key { get; }

    public string FingerprintSha256 { get; }

    public string FingerprintMd5 { get; }

    public void Dispose() => Key.Dispose();

    private static SshHostKey ReadFile(string file, string source)
    {
        try
        {
            return Read(File.ReadAllText(file), source);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationMistakeException($"The host key {source} cannot be read: {e.Message}");
        }
    }

    private static SshHostKey Read(string pem, string source)
    {
        try
        {
            return SshHostKey.FromPem(pem);
        }
        catch (ArgumentException e)
        {
            throw new ConfigurationMistakeException($"The host key {source} cannot be used: {e.Message}");
        }
    }
}
