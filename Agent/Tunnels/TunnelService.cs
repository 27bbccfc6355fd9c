using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using RPort.Agent.Tunnels.Udp;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Forwarding;

namespace RPort.Agent.Tunnels;

/// <summary>
/// The agent's end of the tunnels of one session: dials for each channel the gateway opens, and relays. What runs belongs to the connection and ends
/// with it.
/// </summary>
/// <param name="dialer">Reaches the targets.</param>
/// <param name="maxConnections">Channels served at one time, those being dialled included.</param>
/// <param name="clock">The clock of time-outs and of idle datagram flows.</param>
/// <param name="logger">Takes what operators ask for when a tunnel does not work.</param>
internal sealed class TunnelService(TunnelDialer dialer, int maxConnections, TimeProvider clock, ILogger logger)
{
    /// <summary>For the name and the connection together.</summary>
    public static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(10);

    private readonly TunnelPlaces _places = new(maxConnections);
    private volatile bool _tunnel2;

    /// <summary>Whether the gateway knows <see cref="ProtocolFeatures.Tunnel2"/>. False until it says so.</summary>
    public bool Tunnel2
    {
        get => _tunnel2;
        set => _tunnel2 = value;
    }

    /// <summary>Bytes carried by all connections of the session.</summary>
    public RelayMeter Meter { get; } = new();

    /// <summary>Channels served now.</summary>
    public int Connections => _places.Taken;

    /// <summary>Decides on a channel of type <see cref="RequestNames.TunnelChannel"/>.</summary>
    public SshChannelVerdict Open(SshChannelOpen open)
    {
        if (!TunnelTarget.TryParse(Encoding.UTF8.GetString(open.Data.Span), out TunnelTarget? target))
        {
            return SshChannelVerdict.Reject(SshChannelOpenFailure.ConnectFailed, "the target must be host:port");
        }

        if (_places.TryTake() is not { } place)
        {
            TunnelsLog.TooMany(logger, target);
            return SshChannelVerdict.Reject(SshChannelOpenFailure.ResourceShortage, "the agent has too many tunnel connections");
        }

        return SshChannelVerdict.Defer(token => ReachAsync(target, place, token));
    }

    private async Task<SshChannelVerdict> ReachAsync(TunnelTarget target, IDisposable place, CancellationToken cancellationToken)
    {
        bool held = false;
        try
        {
            SshChannelVerdict verdict = target.IsUdp
                ? AcceptDatagrams(target, await dialer.ResolveAsync(target, DialTimeout, cancellationToken).ConfigureAwait(false), place)
                : AcceptConnection(await dialer.ConnectAsync(target, DialTimeout, cancellationToken).ConfigureAwait(false), place);
            held = true;
            return verdict;
        }
        catch (TunnelDialException error) when (error.Failure == TunnelDialFailure.Denied)
        {
            TunnelsLog.Denied(logger, target);
            return SshChannelVerdict.Reject(SshChannelOpenFailure.AdministrativelyProhibited, error.Message);
        }
        catch (TunnelDialException error)
        {
            TunnelsLog.Unreachable(logger, error.Message);
            return Tunnel2
                ? SshChannelVerdict.Reject(SshChannelOpenFailure.ConnectFailed, error.Message)
                : SshChannelVerdict.Accept(static (_, _) => Task.CompletedTask); // existing gateways leak what waits for a channel that never opens
        }
        finally
        {
            if (!held)
            {
                place.Dispose();
            }
        }
    }

    private SshChannelVerdict AcceptConnection(Socket socket, IDisposable place) => SshChannelVerdict.Accept(
        async (channel, token) =>
        {
            using (place)
            {
                await SocketRelay.RunAsync(socket, channel, Meter, Tunnel2, token).ConfigureAwait(false);
            }
        },
        new Unused(place, socket));

    private SshChannelVerdict AcceptDatagrams(TunnelTarget target, IPAddress[] addresses, IDisposable place) => SshChannelVerdict.Accept(
        async (channel, token) =>
        {
            using (place)
            {
                await new UdpTunnel(target, addresses, Meter, clock, logger).ServeAsync(channel, token).ConfigureAwait(false);
            }
        },
        new Unused(place));

    /// <summary>What a channel that never opened would have owned.</summary>
    private sealed class Unused(params IDisposable[] owned) : IDisposable
    {
        public void Dispose()
        {
            foreach (IDisposable one in owned)
            {
                one.Dispose();
            }
        }
    }
}
