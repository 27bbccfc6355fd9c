using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace RPort.Gateway.Agents;

/// <summary>Who may come in by the agent port, and how. Bound from <c>Agents</c>.</summary>
internal sealed class AgentDoorOptions : IValidatableObject
{
    public const string Section = "Agents";

    /// <summary>Our SSH identification. <c>SSH-rport-v1-server</c> is what the existing server says; agents do not look at it.</summary>
    [Required, StringLength(253), RegularExpression("SSH-[ -~]+")] public string VersionLine { get; set; } = "SSH-2.0-RPort";

    /// <summary>The host key: a PEM text, or the path of a PEM file that must exist. Empty: a key made once and kept with the data.</summary>
    public string HostKey { get; set; } = "";

    /// <summary>Where keys and credentials made at the first start are kept.</summary>
    [Required] public string KeyFolder { get; set; } = "data/keys";

    /// <summary>One credential as <c>id:password</c>, or as <c>id:sha256:salt:hash</c>.</summary>
    public string Auth { get; set; } = "";

    /// <summary>
    /// A JSON file of credentials, <c>{"id":"password"}</c>; read again whenever it changes. Without this and <see cref="Auth"/> one credential is
    /// made at the first start and kept as <c>agent-auth.json</c> in <see cref="KeyFolder"/>.
    /// </summary>
    public string AuthFile { get; set; } = "";

    /// <summary>False: a credential belongs to one client, and a second client id that comes with it is refused.</summary>
    public bool AuthMultiUse { get; set; } = true;

    /// <summary>True: an agent that sends no client id gets its credential's name as id; false: a random one.</summary>
    public bool EquateClientAuthIdClientId { get; set; }

    /// <summary>
    /// A client id stays with the credential it last came with for as long as that credential exists. False lets any agent with any
    /// credential take over the id of a client that is offline.
    /// </summary>
    public bool BindClientIds { get; set; } = true;

    /// <summary>How long a name is refused after a failed login with it.</summary>
    public TimeSpan LoginWait { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Failed logins after which an address is banned.</summary>
    [Range(1, 1_000_000)] public int MaxFailedLogins { get; set; } = 5;

    /// <summary>How long an address stays banned.</summary>
    public TimeSpan BanTime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Handshakes under way at one time. They cost memory while they wait for the peer and a third of a millisecond of processor in all, so the
    /// number bounds how long the last of a crowd waits for the processor.
    /// </summary>
    [Range(1, 100_000)] public int MaxConcurrentHandshakes { get; set; } = 1024;

    /// <summary>Of these, the most that one address may hold.</summary>
    [Range(1, 100_000)] public int MaxHandshakesPerAddress { get; set; } = 512;

    /// <summary>Connections that wait for a free handshake slot; the next one is answered with 503.</summary>
    [Range(0, 100_000)] public int MaxWaitingHandshakes { get; set; } = 8192;

    /// <summary>The longest wait for a free handshake slot; then 503.</summary>
    public TimeSpan HandshakeQueueTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The age from which an unfinished handshake is cut when another connection waits for its slot.</summary>
    public TimeSpan HandshakeGrace { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Time from the upgrade to the end of the login.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Time a peer has to send its HTTP request.</summary>
    public TimeSpan RequestHeaderTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Agents this gateway serves before it answers 503.</summary>
    [Range(1, 1_000_000)] public int MaxSessions { get; set; } = 20_000;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
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

[OptionsValidator]
internal sealed partial class AgentDoorOptionsValidator : IValidateOptions<AgentDoorOptions>;
