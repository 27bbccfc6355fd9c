using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using RPort.Ssh;

namespace RPort.Gateway.Agents;

/// <summary>Who may come in by the agent port, and how. Bound from <c>Agents</c>.</summary>
internal sealed class AgentDoorOptions : IValidatableObject
{
    public const string Section = "Agents";

    [Description("Our SSH identification. SSH-rport-v1-server is what the existing server says; agents do not look at it.")]
    [Required, StringLength(253), RegularExpression("SSH-[ -~]+")]
    public string VersionLine { get; set; } = "SSH-2.0-RPort";

    [Description("Ciphers agents may use, such as aes128-ctr; which of them is the agent's choice. Empty: aes128-gcm@openssh.com, which ours prefer, and AES in counter mode with 128, 192 and 256 bits.")]
    public string[] Ciphers { get; set; } = [];

    [Description("Message authentication codes agents may use with counter mode, such as hmac-sha2-256. Empty: HMAC with SHA-256 and SHA-512, of the cipher text (…-etm@openssh.com, which ours prefer) or of the plain text.")]
    public string[] Macs { get; set; } = [];

    [Description("The host key: a PEM text, or the path of a PEM file that must exist. Empty: a key made once and kept with the data.")]
    public string HostKey { get; set; } = "";

    [Description("Instead of HostKey, for a gateway that takes the place of an existing server: that server's key_seed. Agents then find the fingerprint they have pinned. A secret.")]
    public string HostKeySeed { get; set; } = "";

    [Description("Where keys and credentials made at the first start are kept.")]
    [Required]
    public string KeyFolder { get; set; } = "data/keys";

    [Description("One credential as id:password, or as id:sha256:salt:hash.")]
    public string Auth { get; set; } = "";

    [Description("A JSON file of credentials, {\"id\":\"password\"}; read again whenever it changes. Without this and Auth one credential is made at the first start and kept as agent-auth.json in KeyFolder.")]
    public string AuthFile { get; set; } = "";

    [Description("False: a credential belongs to one client, and a second client id that comes with it is refused.")]
    public bool AuthMultiUse { get; set; } = true;

    [Description("True: an agent that sends no client id gets its credential's name as id; false: a random one.")]
    public bool EquateClientAuthIdClientId { get; set; }

    [Description("A client id stays with the credential it last came with for as long as that credential exists. False lets any agent with any credential take over the id of a client that is offline.")]
    public bool BindClientIds { get; set; } = true;

    [Description("How long an address is refused with a name after a failed login with it.")]
    public TimeSpan LoginWait { get; set; } = TimeSpan.FromSeconds(2);

    [Description("Failed logins after which an address is banned.")]
    [Range(1, 1_000_000)]
    public int MaxFailedLogins { get; set; } = 5;

    [Description("How long an address stays banned.")]
    public TimeSpan BanTime { get; set; } = TimeSpan.FromHours(1);

    [Description("Handshakes under way at one time. They cost memory while they wait for the peer and a third of a millisecond of processor in all, so the number bounds how long the last of a crowd waits for the processor.")]
    [Range(1, 100_000)]
    public int MaxConcurrentHandshakes { get; set; } = 1024;

    [Description("Of these, the most that one address may hold.")]
    [Range(1, 100_000)]
    public int MaxHandshakesPerAddress { get; set; } = 512;

    [Description("Connections that wait for a free handshake slot; the next one is answered with 503.")]
    [Range(0, 100_000)]
    public int MaxWaitingHandshakes { get; set; } = 8192;

    [Description("The longest wait for a free handshake slot; then 503.")]
    public TimeSpan HandshakeQueueTime { get; set; } = TimeSpan.FromSeconds(15);

    [Description("How long a peer may be silent in its handshake before it is cut when another connection waits for its slot.")]
    public TimeSpan HandshakeGrace { get; set; } = TimeSpan.FromSeconds(3);

    [Description("Time from the upgrade to the end of the login.")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(20);

    [Description("Threads on which handshakes work, each as good as a processor, so that a crowd of new agents leaves the others to those that are connected; 0: half of the processors.")]
    [Range(0, 1024)]
    public int HandshakeThreads { get; set; }

    [Description("Time a peer has to send its HTTP request.")]
    public TimeSpan RequestHeaderTimeout { get; set; } = TimeSpan.FromSeconds(10);

    [Description("Agents this gateway serves before it answers 503.")]
    [Range(1, 1_000_000)]
    public int MaxSessions { get; set; } = 20_000;

    [Description("SSH channels one agent's connection may have open: its tunnels' connections, and a few for files.")]
    [Range(16, 100_000)]
    public int MaxChannels { get; set; } = 16_384;

    [Description("In a cluster: how long a gateway that is told to stop gives its agents to go to another one, before it disconnects those that are left. 0: none.")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach ((string name, string[] values, IReadOnlyList<string> known) in new[]
        {
            (nameof(Ciphers), Ciphers, SshAlgorithms.Ciphers), (nameof(Macs), Macs, SshAlgorithms.Macs),
        })
        {
            foreach (string value in values.Except(known))
            {
                yield return new($"{Section}:{name}: '{value}' is none of {string.Join(", ", known)}.");
            }
        }

        if (HostKey.Length > 0 && HostKeySeed.Length > 0)
        {
            yield return new($"{Section}:{nameof(HostKey)} and {Section}:{nameof(HostKeySeed)} must not both be given.");
        }

        if (DrainTime < TimeSpan.Zero || DrainTime > TimeSpan.FromMinutes(10))
        {
            yield return new($"{Section}:{nameof(DrainTime)} ({DrainTime}) must be between 0 and ten minutes.");
        }

        if (MaxHandshakesPerAddress > MaxConcurrentHandshakes)
        {
            yield return new($"{Section}:{nameof(MaxHandshakesPerAddress)} ({MaxHandshakesPerAddress}) must not be over "
                + $"{nameof(MaxConcurrentHandshakes)} ({MaxConcurrentHandshakes}).");
        }

        foreach ((string name, TimeSpan value) in new[]
        {
            (nameof(BanTime), BanTime), (nameof(HandshakeQueueTime), HandshakeQueueTime), (nameof(HandshakeGrace), HandshakeGrace),
            (nameof(HandshakeTimeout), HandshakeTimeout), (nameof(RequestHeaderTimeout), RequestHeaderTimeout),
        })
        {
            if (value <= TimeSpan.Zero)
            {
                yield return new($"{Section}:{name} ({value}) must be positive.");
            }
        }
    }
}
