using Microsoft.Extensions.Options;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>What the tunnels of all sessions of this gateway share.</summary>
internal sealed class TunnelEnvironment(IOptions<TunnelOptions> options, TunnelMetrics metrics, TimeProvider clock, ILogger<TunnelEnvironment> logger)
{
    public TunnelOptions Options { get; } = options.Value;

    public PortRanges Ports { get; } = options.Value.Ports;

    public PortReservations Reservations { get; } = new(clock);

    public TunnelMetrics Metrics => metrics;

    public TimeProvider Clock => clock;

    public ILogger<TunnelEnvironment> Logger => logger;
}
