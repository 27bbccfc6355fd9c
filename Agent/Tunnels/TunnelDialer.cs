using System.Net;
using System.Net.Sockets;
using RPort.Protocol;

namespace RPort.Agent.Tunnels;

/// <summary>
/// Reaches targets the allow list lets through. A name is resolved once: the addresses that were checked are the ones that are dialled, so that its
/// owner can not answer the check with one address and the dial with another.
/// </summary>
/// <param name="allowed">Where tunnels may lead.</param>
/// <param name="clock">The clock of time-outs.</param>
/// <param name="resolve">Looks names up; null: as the operating system does.</param>
internal sealed class TunnelDialer(AllowList allowed, TimeProvider clock, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
{
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve = resolve ?? Dns.GetHostAddressesAsync;

    /// <summary>Everything is allowed, known or not.</summary>
    public bool AllowsAll => allowed.IsOpen;

    /// <summary>The target's addresses, all of them allowed, IPv4 ones in their own form.</summary>
    /// <exception cref="TunnelDialException">There is none, one is not allowed, or the time is over.</exception>
    public Task<IPAddress[]> ResolveAsync(TunnelTarget target, TimeSpan timeout, CancellationToken cancellationToken) =>
        WithinAsync(target, timeout, token => LookUpAsync(target, token), cancellationToken);

    /// <summary>Resolves and connects. The socket is the caller's.</summary>
    /// <exception cref="TunnelDialException">It can not be reached, is not allowed, or the time is over.</exception>
    public Task<Socket> ConnectAsync(TunnelTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        return WithinAsync(target, timeout, ConnectWithinAsync, cancellationToken);

        async Task<Socket> ConnectWithinAsync(CancellationToken token)
        {
            IPAddress[] addresses = await LookUpAsync(target, token).ConfigureAwait(false);
            for (int i = 0; ; i++)
            {
                try
                {
                    // The first of several addresses may swallow packets: each gets its share of the time that is left.
                    IPEndPoint endPoint = new(addresses[i], target.Port);
                    return i == addresses.Length - 1
                        ? await DialAsync(endPoint, token).ConfigureAwait(false)
                        : await DialAsync(endPoint, (timeout - clock.GetElapsedTime(start)) / (addresses.Length - i), token).ConfigureAwait(false);
                }
                catch (TunnelDialException) when (i < addresses.Length - 1)
                {
                    // The last one's error is the one to tell.
                }
            }
        }
    }

    private async Task<T> WithinAsync<T>(TunnelTarget target, TimeSpan timeout, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(timeout, clock);
        try
        {
            using (cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), deadline))
            {
                return await work(deadline.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw TimedOut(TunnelTarget.Join(target.Host, target.Port), error);
        }
    }

    private async Task<IPAddress[]> LookUpAsync(TunnelTarget target, CancellationToken cancellationToken)
    {
        IPAddress[] addresses;
        try
        {
            addresses = IPAddress.TryParse(target.Host, out IPAddress? literal) ? [literal] : await _resolve(target.Host, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException error)
        {
            throw Unreachable($"dial tcp: lookup {target.Host}: {SocketErrorText.Of(error)}", error);
        }

        addresses = [.. addresses.Select(static address => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)];
        return addresses.Length == 0 ? throw Unreachable($"dial tcp: lookup {target.Host}: no such host")
            : allowed.Allows(addresses, target.Port) ? addresses
            : throw new TunnelDialException(TunnelDialFailure.Denied, RequestNames.TunnelNotAllowed);
    }

    private async Task<Socket> DialAsync(IPEndPoint endPoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource share = new(timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(share.Token, cancellationToken);
        try
        {
            return await DialAsync(endPoint, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw TimedOut(endPoint.ToString(), error);
        }
    }

    private static async Task<Socket> DialAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true); // a target that vanished is noticed some time
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            throw Unreachable($"dial tcp {endPoint}: connect: {SocketErrorText.Of(error)}", error);
        }
        catch (OperationCanceledException)
        {
            socket?.Dispose();
            throw;
        }
    }

    private static TunnelDialException Unreachable(string message, Exception? error = null) => new(TunnelDialFailure.Unreachable, message, error);

    private static TunnelDialException TimedOut(string where, Exception error) => new(TunnelDialFailure.TimedOut, $"dial tcp {where}: i/o timeout", error);
}
