using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>How a connected agent is treated. Bound from <c>Agents:Sessions</c>.</summary>
internal sealed class AgentSessionOptions : IValidatableObject
{
    public const string Section = "Agents:Sessions";

    /// <summary>Time an agent has to register after its login. Existing agents spread themselves over 10 s and try three times.</summary>
    public TimeSpan RegistrationTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Silence after which the agent is pinged.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Time for the answer to a ping; then the session is closed.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(13);

    /// <summary>Time for the answer to a ping when another agent claims the same id.</summary>
    public TimeSpan ProveAliveTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest silence of an existing agent while it carries out a push: it answers nothing else until then.
    /// Also the longest wait for the result of a push that makes no progress.
    /// </summary>
    public TimeSpan PushStallTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Longest request payload of an agent, in bytes.</summary>
    [Range(1024, 16 * 1024 * 1024)] public int MaxRequestBytes { get; set; } = 512 * 1024;

    /// <summary>Requests and channel opens an agent may send per second in the long run.</summary>
    [Range(1, 100_000)] public int RequestsPerSecond { get; set; } = 50;

    /// <summary>How many of them may come at once. An agent that exceeds this is disconnected.</summary>
    [Range(1, 1_000_000)] public int RequestBurst { get; set; } = 1000;

    /// <summary>SFTP channels an agent may have open.</summary>
    [Range(1, 1024)] public int MaxFileChannels { get; set; } = 8;

    /// <summary>Pushes an agent carries out at one time; existing agents always get one after the other.</summary>
    [Range(1, 1024)] public int MaxConcurrentPushes { get; set; } = 4;

    /// <summary>Pushes a session keeps in mind, waiting ones included. The client grain hands out the others again later.</summary>
    [Range(1, 100_000)] public int MaxPushes { get; set; } = 1024;

    /// <summary>The longest wait for bytes of a payload; then the agent's read fails and it tries again.</summary>
    public TimeSpan PayloadReadTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest wait for a grain's answer. Existing agents wait 30 s for theirs.</summary>
    public TimeSpan GrainTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a refused agent may take to read the refusal before its connection is closed.</summary>
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
            (nameof(ProveAliveTimeout), ProveAliveTimeout), (nameof(PushStallTimeout), PushStallTimeout),
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

[OptionsValidator]
internal sealed partial class AgentSessionOptionsValidator : IValidateOptions<AgentSessionOptions>;
