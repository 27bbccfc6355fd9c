using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>Ports kept for a while for clients that were here a moment ago: they come back for them. Thread-safe.</summary>
internal sealed class PortReservations(TimeProvider clock)
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);
    private readonly Lock _gate = new();
    private readonly Dictionary<int, (ClientId Client, DateTimeOffset Until)> _ports = [];

    /// <summary>Keeps the port for this client.</summary>
    public void Keep(int port, ClientId client)
    {
        lock (_gate)
        {
            _ports[port] = (client, clock.GetUtcNow() + Kept);
        }
    }

    /// <summary>The port is in use again, or given up.</summary>
    public void Forget(int port)
    {
        lock (_gate)
        {
            _ports.Remove(port);
        }
    }

    /// <summary>Whether the port is kept for somebody else.</summary>
    public bool IsKeptFromOthers(int port, ClientId client)
    {
        lock (_gate)
        {
            if (!_ports.TryGetValue(port, out (ClientId Client, DateTimeOffset Until) kept))
            {
                return false;
            }

            if (kept.Until > clock.GetUtcNow())
            {
                return kept.Client != client;
            }

            _ports.Remove(port);
            return false;
        }
    }
}
