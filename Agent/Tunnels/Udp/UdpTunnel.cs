using System.Net;
using Microsoft.Extensions.Logging;
using RPort.Protocol.Udp;
using RPort.Ssh;
using RPort.Ssh.Forwarding;

namespace RPort.Agent.Tunnels.Udp;

/// <summary>Carries datagrams between one channel and one target, for many peers outside. Datagrams that can not go on at once are dropped, as UDP does.</summary>
/// <param name="target">For the log.</param>
/// <param name="addresses">The target's, checked; the first that can be used is.</param>
/// <param name="meter">Counts payload bytes.</param>
/// <param name="clock">The clock of idleness.</param>
/// <param name="logger">Takes the end.</param>
internal sealed class UdpTunnel(TunnelTarget target, IPAddress[] addresses, RelayMeter meter, TimeProvider clock, ILogger logger)
{
    /// <summary>Peers at one time.</summary>
    public const int MaxPeers = 1024;

    /// <summary>A peer without a datagram in either direction for so long is forgotten, at the latest a <see cref="SweepInterval"/> later.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(60);

    public static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(15);

    private long _dropped;

    /// <summary>Serves until the channel ends or the token fires.</summary>
    public async Task ServeAsync(SshChannel channel, CancellationToken cancellationToken)
    {
        channel.InlineContinuations = true; // sockets do not block, and nothing else is done here
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        UdpOutbox outbox = new(channel, meter);
        UdpFlows flows = new((peer, used) => UdpFlow.TryOpen(peer, addresses, target.Port, outbox, used), clock, MaxPeers);
        Task sending = outbox.RunAsync(ending.Token);
        Task sweeping = SweepAsync(flows, ending.Token);
        try
        {
            await ReadAsync(channel, flows, ending.Token).ConfigureAwait(false);
        }
        catch (InvalidDataException error)
        {
            TunnelsLog.DatagramsMalformed(logger, target, error.Message);
        }
        catch (Exception error) when (error is SshException or OperationCanceledException)
        {
            // The channel, the connection, or the session has ended.
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await flows.CloseAsync().ConfigureAwait(false);
            await Task.WhenAll(sending, sweeping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            TunnelsLog.DatagramsEnded(logger, target, _dropped + outbox.Dropped);
        }
    }

    private async Task ReadAsync(SshChannel channel, UdpFlows flows, CancellationToken cancellationToken)
    {
        UdpFrameReader frames = new();
        while (await channel.ReadAsync(frames.GetMemory(), cancellationToken).ConfigureAwait(false) is > 0 and int read)
        {
            frames.Advance(read);
            while (frames.TryRead(out UdpMessage message))
            {
                Pass(message, flows);
            }
        }
    }

    private void Pass(UdpMessage message, UdpFlows flows)
    {
        if (flows.Get(message.Peer)?.TrySend(message.Data.Span) == true)
        {
            meter.AddToSocket(message.Data.Length);
        }
        else
        {
            _dropped++;
        }
    }

    private async Task SweepAsync(UdpFlows flows, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(SweepInterval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            flows.Expire(IdleTime);
        }
    }
}
