using System.Net;
using System.Net.Sockets;
using RPort.Gateway.Tunnels.Live.Http;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>The open ports of one tunnel. Made with its ports taken and nobody let in yet.</summary>
internal sealed class Tunnel
{
    private readonly TunnelEnvironment _environment;
    private readonly IReadOnlyList<ITunnelEntrance> _entrances;

    private Tunnel(TunnelEnvironment environment, TunnelGate gate, IReadOnlyList<ITunnelEntrance> entrances)
    {
        _environment = environment;
        _entrances = entrances;
        Gate = gate;
        environment.Metrics.TunnelOpened();
    }

    /// <summary>Who is inside, and who may come in.</summary>
    public TunnelGate Gate { get; }

    /// <summary>The port, the same one for TCP and UDP.</summary>
    public int Port => _entrances[0].Port;

    /// <summary>Takes the tunnel's ports. On failure <paramref name="refusal"/> says why.</summary>
    public static Tunnel? TryOpen(TunnelSpec spec, ClientId client, TunnelEnvironment environment, out Refused refusal)
    {
        refusal = null!;
        if (!TryParseHost(spec.LocalHost, out IPAddress address))
        {
            refusal = new Refused(RefusalReason.AddressUnusable, $"'{spec.LocalHost}' is no address of the gateway");
            return null;
        }

        if (spec.LocalPort != 0)
        {
            if (!environment.Ports.Allows(spec.LocalPort))
            {
                refusal = new Refused(RefusalReason.PortNotAllowed);
                return null;
            }

            if (environment.Reservations.IsKeptFromOthers(spec.LocalPort, client))
            {
                refusal = new Refused(RefusalReason.PortInUse, "kept for a client that was connected a moment ago");
                return null;
            }

            return TryTake(spec, address, spec.LocalPort, environment, out refusal);
        }

        refusal = new Refused(RefusalReason.PortInUse, "no port is free");
        foreach (int port in environment.Ports.FromRandom(Random.Shared))
        {
            if (!environment.Reservations.IsKeptFromOthers(port, client))
            {
                if (TryTake(spec, address, port, environment, out refusal) is { } tunnel)
                {
                    return tunnel;
                }

                if (refusal.Reason != RefusalReason.PortInUse)
                {
                    return null; // it is not for the port
                }
            }
        }

        return null;
    }

    /// <summary>Lets people in.</summary>
    public void Start(TunnelTarget target)
    {
        foreach (ITunnelEntrance entrance in _entrances)
        {
            entrance.Start(target);
        }
    }

    /// <summary>Gives the ports back and cuts whoever is inside.</summary>
    public async Task CloseAsync()
    {
        Task left = Gate.CloseAsync();
        foreach (ITunnelEntrance entrance in _entrances)
        {
            await entrance.DisposeAsync();
        }

        await left;
        _environment.Metrics.TunnelClosed();
    }

    /// <summary>How it fares.</summary>
    public LiveTunnel View(TunnelRecord record) => new()
    {
        Tunnel = record,
        Open = true,
        Error = Gate.LastFailure,
        PublicHost = _environment.Options.PublicHost,
        Connections = Gate.Connections,
        TotalConnections = Gate.Total,
        Refused = Gate.Refused,
        BytesIn = Gate.Meter.ToChannel,
        BytesOut = Gate.Meter.ToSocket,
        DroppedDatagrams = Gate.Dropped,
    };

    private static Tunnel? TryTake(TunnelSpec spec, IPAddress address, int port, TunnelEnvironment environment, out Refused refusal)
    {
        refusal = null!;
        _ = TunnelAcl.TryParse(spec.Acl, out TunnelAcl acl, out _); // checked where it came in; nobody gets in by one that is not readable
        TunnelGate gate = new(acl, environment.Options.MaxConnections, environment.Clock, environment.Metrics);
        List<ITunnelEntrance> entrances = [];
        try
        {
            if (spec.HttpProxy)
            {
                entrances.Add(HttpEntrance.Open(address, port, spec, environment, gate));
            }
            else if (spec.Protocol.HasFlag(TunnelProtocol.Tcp))
            {
                entrances.Add(TcpEntrance.Open(address, port, environment, gate));
            }

            if (spec.Protocol.HasFlag(TunnelProtocol.Udp))
            {
                entrances.Add(UdpEntrance.Open(address, port, environment, gate));
            }

            environment.Reservations.Forget(port);
            return new Tunnel(environment, gate, entrances);
        }
        catch (SocketException e)
        {
            foreach (ITunnelEntrance entrance in entrances)
            {
                entrance.Abandon();
            }

            refusal = e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => new Refused(RefusalReason.PortInUse),
                SocketError.AccessDenied => new Refused(RefusalReason.PortNotAllowed, "the gateway's user may not listen on it"),
                _ => new Refused(RefusalReason.AddressUnusable, e.Message),
            };
            return null;
        }
    }

    private static bool TryParseHost(string host, out IPAddress address)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            address = IPAddress.Loopback;
            return true;
        }

        address = IPAddress.Any;
        return host.Length == 0 || IPAddress.TryParse(host, out address!);
    }
}
