using Microsoft.Extensions.Options;
using Orleans;
using RPort.Gateway.Agents.Credentials;
using RPort.Gateway.Payloads;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>What every session of this gateway shares.</summary>
internal sealed class SessionEnvironment(
    IGrainFactory grains,
    IPayloadStore payloads,
    AgentCredentialStore credentials,
    IOptions<AgentDoorOptions> door,
    IOptions<AgentSessionOptions> options,
    AgentMetrics metrics,
    TimeProvider clock,
    ILogger<AgentSession> logger)
{
    public IGrainFactory Grains => grains;

    public IPayloadStore Payloads => payloads;

    public AgentCredentialStore Credentials => credentials;

    public AgentDoorOptions Door { get; } = door.Value;

    public AgentSessionOptions Options { get; } = options.Value;

    public AgentMetrics Metrics => metrics;

    public TimeProvider Clock => clock;

    public ILogger<AgentSession> Logger => logger;
}
