using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>How a connected agent is treated. Bound from <c>Agents:Sessions</c>.</summary>
internal sealed class AgentSessionOptions : IValidatableObject
{
    public const string Section = "Agents:Sessions";

    [Description("Time an agent has to register after its login. Existing agents spread themselves over 10 s and try three times.")]
    public TimeSpan RegistrationTimeout { get; set; } = TimeSpan.FromSeconds(60);

    [Description("Silence after which the agent is pinged.")]
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(15);

    [Description("Time for the answer to a ping; then the session is closed.")]
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(13);

    [Description("Time for the answer to a ping when another agent claims the same id.")]
    public TimeSpan ProveAliveTimeout { get; set; } = TimeSpan.FromSeconds(5);

    [Description("Silence after which an existing agent is pinged while it carries out a push: it answers nothing else until it is done.")]
    public TimeSpan BusySilence { get; set; } = TimeSpan.FromMinutes(3);

    [Description("The longest wait for the result of a push that makes no progress; then it is ordered again, or counts as failed where the agent cannot resume.")]
    public TimeSpan PushStallTimeout { get; set; } = TimeSpan.FromMinutes(15);

    [Description("Longest request payload of an agent, in bytes. SSH packets carry no more than 256 KiB.")]
    [Range(1024, 256 * 1024)]
    public int MaxRequestBytes { get; set; } = 256 * 1024;

    [Description("Requests and channel opens an agent may send per second in the long run.")]
    [Range(1, 100_000)]
    public int RequestsPerSecond { get; set; } = 50;

    [Description("How many of them may come at once. An agent that exceeds this is disconnected.")]
    [Range(1, 1_000_000)]
    public int RequestBurst { get; set; } = 1000;

    [Description("SFTP channels an agent may have open.")]
    [Range(1, 1024)]
    public int MaxFileChannels { get; set; } = 8;

    [Description("Pushes an agent carries out at one time; existing agents always get one after the other.")]
    [Range(1, 1024)]
    public int MaxConcurrentPushes { get; set; } = 4;

    [Description("Pushes a session keeps in mind, waiting ones included. The client grain hands out the others again later.")]
    [Range(1, 100_000)]
    public int MaxPushes { get; set; } = 1024;

    [Description("The longest wait for bytes of a payload; then the agent's read fails and it tries again.")]
    public TimeSpan PayloadReadTimeout { get; set; } = TimeSpan.FromSeconds(60);

    [Description("The longest wait for a grain's answer. Existing agents wait 30 s for theirs.")]
    public TimeSpan GrainTimeout { get; set; } = TimeSpan.FromSeconds(15);

    [Description("How long a refused agent may take to read the refusal before its connection is closed.")]
    public TimeSpan RefusalLinger { get; set; } = TimeSpan.FromSeconds(2);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (KeepAliveInterval + KeepAliveTimeout >= SessionLease.Expiry)
        {
            yield return new($"{Section}:{nameof(KeepAliveInterval)} ({KeepAliveInterval}) and {nameof(KeepAliveTimeout)} ({KeepAliveTimeout}) "
                + $"must together stay under {SessionLease.Expiry}, after which a client counts as disconnected.");
        }

        foreach ((string name, TimeSpan value) in new[]
        {
            (nameof(RegistrationTimeout), RegistrationTimeout), (nameof(KeepAliveInterval), KeepAliveInterval), (nameof(KeepAliveTimeout), KeepAliveTimeout),
            (nameof(ProveAliveTimeout), ProveAliveTimeout), (nameof(PushStallTimeout), PushStallTimeout), (nameof(BusySilence), BusySilence),
            (nameof(PayloadReadTimeout), PayloadReadTimeout), (nameof(GrainTimeout), GrainTimeout),
        })
        {
            if (value <= TimeSpan.Zero)
            {
                yield return new($"{Section}:{name} ({value}) must be positive.");
            }
        }
    }
}
