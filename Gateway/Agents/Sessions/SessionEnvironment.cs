using Microsoft.Extensions.Options;
using Orleans;
using RPort.Gateway.Agents.Credentials;
using RPort.Gateway.Payloads;
using RPort.Gateway.Tunnels.Live;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>What every session of this gateway shares.</summary>
internal sealed class SessionEnvironment(
    IGrainFactory grains,
    IPayloadStore payloads,
    AgentCredentialStore credentials,
    IOptions<AgentDoorOptions> door,
    IOptions<AgentSessionOptions> options,
    TunnelEnvironment tunnels,
    AgentMetrics metrics,
    TimeProvider clock,
    ILogger<AgentSession> logger)
{
    public IGrainFactory Grains => grains;

    public IPayloadStore Payloads => payloads;

    public AgentCredentialStore Credentials => credentials;

    public AgentDoorOptions Door { get; } = door.Value;

    public AgentSessionOptions Options { get; } = options.Value;

    public TunnelEnvironment Tunnels => tunnels;

    public AgentMetrics Metrics => metrics;

    public TimeProvider Clock => clock;

    public ILogger<AgentSession> Logger => logger;
}
