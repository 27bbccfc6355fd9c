using RPort.Ssh;

namespace RPort.Interop.OurClient;

/// <summary>What a test changes of our client's defaults.</summary>
internal sealed record ClientSettings
{
    public IReadOnlyList<string> KeyExchanges { get; init; } = SshAlgorithms.KeyExchanges;

    public IReadOnlyList<string> Ciphers { get; init; } = SshAlgorithms.Ciphers;

    public IReadOnlyList<string> Macs { get; init; } = SshAlgorithms.Macs;

    public long RekeyAfterBytes { get; init; } = 1L << 30;

    /// <summary>Instead of the account's.</summary>
    public string? Password { get; init; }

    /// <summary>Whether the daemon's own host keys are trusted.</summary>
    public bool Trust { get; init; } = true;
}
