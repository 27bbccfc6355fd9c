namespace RPort.Ssh;

/// <summary>What both roles of a connection have in common: what is offered, and every limit put on the peer.</summary>
public abstract class SshConnectionOptions
{
    private protected SshConnectionOptions()
    {
    }

    /// <summary>Our identification without CR LF (RFC 4253 §4.2). At most 253 bytes of printable ASCII that begin with <c>SSH-</c>.</summary>
    public string VersionLine { get; init; } = "SSH-2.0-RPort";

    /// <summary>Key exchanges offered, preferred first. Names from <see cref="SshAlgorithms"/>.</summary>
    public IReadOnlyList<string> KeyExchanges { get; init; } = SshAlgorithms.KeyExchanges;

    /// <summary>Ciphers offered, preferred first. Names from <see cref="SshAlgorithms"/>.</summary>
    public IReadOnlyList<string> Ciphers { get; init; } = SshAlgorithms.Ciphers;

    /// <summary>Message authentication codes offered for the counter-mode ciphers, preferred first. Names from <see cref="SshAlgorithms"/>.</summary>
    public IReadOnlyList<string> Macs { get; init; } = SshAlgorithms.Macs;

    /// <summary>Offers strict key exchange (the answer to CVE-2023-48795). Switch off only to prove what happens without it.</summary>
    internal bool StrictKeyExchange { get; init; } = true;

    /// <summary>Longest packet accepted, in bytes of its length field (RFC 4253 §6.1). A longer one ends the connection.</summary>
    public int MaxPacketBytes { get; init; } = 256 * 1024;

    /// <summary>Channels open at one time, both sides' together. A peer's open over it is refused; an own one throws.</summary>
    public int MaxChannels { get; init; } = 1024;

    /// <summary>Channel opens of the peer that wait for our verdict. One more ends the connection.</summary>
    public int MaxPendingOpens { get; init; } = 256;

    /// <summary>
    /// Asks <see cref="ISshPeerHandler.OnChannelOpenAsync"/> on the receive loop where nothing asked before is still being answered, rather than on the
    /// thread pool. It must then never block: everything else on the connection waits for it.
    /// </summary>
    public bool InlineOpens { get; init; }

    /// <summary>Requests of the peer that wait for our answer: global ones, and those of each channel. One more ends the connection.</summary>
    public int MaxPendingRequests { get; init; } = 64;

    /// <summary>Our own global requests that wait for the peer's answer, given up ones included. The next caller waits.</summary>
    public int MaxUnansweredRequests { get; init; } = 64;

    /// <summary>Bytes a peer may send on a new channel before we have read any (RFC 4254 §5.2).</summary>
    public int InitialWindowBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>The size up to which a channel's window grows while its reader keeps up.</summary>
    public int MaxWindowBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// Windows granted to all channels of the connection together, in bytes: the most a peer can make us keep unread. When it is used up,
    /// windows stop to grow and new channels start with 64 KiB.
    /// </summary>
    public long MaxUnreadBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Most data we take in one channel packet (the "maximum packet size" of RFC 4254 §5.1), in bytes.</summary>
    public int MaxChannelDataBytes { get; init; } = 32768;

    /// <summary>
    /// Messages other than channel data that may wait to be sent, in bytes. A peer that provokes more answers than it reads is disconnected;
    /// callers of ours wait.
    /// </summary>
    public int MaxQueuedControlBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Time for the version exchange and the first key exchange, and for each later key exchange once we have begun it.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Time for authentication, counted from the end of the first key exchange.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Passwords a client may try before the server hangs up.</summary>
    public int MaxLoginAttempts { get; init; } = 3;

    /// <summary>Bytes, of both directions together, after which new keys are agreed.</summary>
    public long RekeyAfterBytes { get; init; } = 1L << 30;

    /// <summary>Packets in one direction after which new keys are agreed. Never more than 2^31 (RFC 4344 §3.1).</summary>
    public long RekeyAfterPackets { get; init; } = 1L << 31;

    /// <summary>Age of the keys at which new ones are agreed, with or without traffic (RFC 4253 §9).</summary>
    public TimeSpan RekeyAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Time granted to send what is queued and the DISCONNECT message before the stream is cut.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Told of exceptions that escape from handlers and from functions that serve a channel. Must not throw. Null drops them.</summary>
    public Action<Exception>? HandlerFailed { get; init; }

    /// <summary>The clock of every deadline.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <exception cref="ArgumentException">An option has a value that can not work. The message names it.</exception>
    internal void Validate()
    {
        RequireKnown(nameof(KeyExchanges), KeyExchanges, SshAlgorithms.KeyExchanges);
        RequireKnown(nameof(Ciphers), Ciphers, SshAlgorithms.Ciphers);
        RequireKnown(nameof(Macs), Macs, SshAlgorithms.Macs);
        RequireAtLeast(nameof(MaxPacketBytes), MaxPacketBytes, 35000); // what RFC 4253 §6.1 asks of everybody
        RequireAtLeast(nameof(MaxChannels), MaxChannels, 1);
        RequireAtLeast(nameof(MaxPendingOpens), MaxPendingOpens, 1);
        RequireAtLeast(nameof(MaxPendingRequests), MaxPendingRequests, 1);
        RequireAtLeast(nameof(MaxUnansweredRequests), MaxUnansweredRequests, 1);
        RequireAtLeast(nameof(InitialWindowBytes), InitialWindowBytes, 1);
        RequireAtLeast(nameof(MaxWindowBytes), MaxWindowBytes, InitialWindowBytes);
        RequireAtLeast(nameof(MaxUnreadBytes), MaxUnreadBytes, 1);
        RequireAtLeast(nameof(MaxChannelDataBytes), MaxChannelDataBytes, 1);
        RequireAtLeast(nameof(MaxPacketBytes), MaxPacketBytes, MaxChannelDataBytes + 64L);
        RequireAtLeast(nameof(MaxQueuedControlBytes), MaxQueuedControlBytes, 1);
        RequireAtLeast(nameof(MaxLoginAttempts), MaxLoginAttempts, 1);
        RequireAtLeast(nameof(RekeyAfterBytes), RekeyAfterBytes, 1024);
        RequireAtLeast(nameof(RekeyAfterPackets), RekeyAfterPackets, 16);
        RequireAtLeast(nameof(RekeyAfter), RekeyAfter.Ticks, 1);
        if (this is SshServerOptions { HostKeys.Count: 0 })
        {
            throw new ArgumentException("HostKeys must hold a key.");
        }
    }

    private static void RequireKnown(string name, IReadOnlyList<string> values, IReadOnlyList<string> known)
    {
        if (values.Count == 0 || values.FirstOrDefault(value => !known.Contains(value)) is not null)
        {
            throw new ArgumentException($"{name} ({string.Join(',', values)}) must name at least one, and only, of {string.Join(',', known)}.");
        }
    }

    private static void RequireAtLeast(string name, long value, long least)
    {
        if (value < least)
        {
            throw new ArgumentException($"{name} ({value}) must be at least {least}.");
        }
    }
}

/// <summary>Options of the side that accepts connections.</summary>
public sealed class SshServerOptions : SshConnectionOptions
{
    /// <summary>Host keys to identify with. At least one; the caller keeps ownership and disposes them after the last connection.</summary>
    public required IReadOnlyList<SshHostKey> HostKeys { get; init; }

    /// <summary>
    /// Decides on a password. False counts as a failed attempt, an exception ends the connection. The token fires at the login deadline and when
    /// the connection closes.
    /// </summary>
    public required Func<SshPasswordLogin, CancellationToken, ValueTask<bool>> AuthenticateAsync { get; init; }
}

/// <summary>Options of the side that opens connections.</summary>
public sealed class SshClientOptions : SshConnectionOptions
{
    /// <summary>User to log in as.</summary>
    public required string UserName { get; init; }

    /// <summary>Password to log in with. Sent only after the host key was accepted.</summary>
    public required string Password { get; init; }

    /// <summary>Decides on the server's key, once per connection. False ends the connection before any secret is sent.</summary>
    public required Func<SshHostKeyFingerprint, bool> VerifyHostKey { get; init; }
}
