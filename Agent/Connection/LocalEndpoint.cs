using System.Net;
using System.Net.Http;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RPort.Agent.Connection;

/// <summary>Connects TCP sockets from a chosen local address or interface; from whatever the system picks where neither is given.</summary>
internal sealed class LocalEndpoint(string bindAddress, string bindInterface)
{
    // An address that swallows packets must not use up the time of those after it.
    private static readonly TimeSpan AddressWait = TimeSpan.FromSeconds(5);

    /// <summary>Fits <see cref="SocketsHttpHandler.ConnectCallback"/>. Tries every address of the name in turn.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        DnsEndPoint target = context.DnsEndPoint;
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken).ConfigureAwait(false);
        Exception? last = null;
        for (int i = 0; i < addresses.Length; i++)
        {
            IPAddress address = addresses[i];
            IPAddress? from = null;
            if ((bindAddress.Length > 0 || bindInterface.Length > 0) && (from = LocalAddress(address.AddressFamily)) is null)
            {
                last ??= new SocketException((int)SocketError.AddressNotAvailable);
                continue;
            }

            Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                if (from is not null)
                {
                    socket.Bind(new IPEndPoint(from, 0));
                }

                using CancellationTokenSource wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                wait.CancelAfter(i < addresses.Length - 1 ? AddressWait : Timeout.InfiniteTimeSpan);
                await socket.ConnectAsync(new IPEndPoint(address, target.Port), wait.Token).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception error) when (error is SocketException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                socket.Dispose();
                last = error is SocketException ? error : new SocketException((int)SocketError.TimedOut);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private IPAddress? LocalAddress(AddressFamily family)
    {
        if (bindAddress.Length > 0)
        {
            IPAddress address = IPAddress.Parse(bindAddress);
            return address.AddressFamily == family ? address : null;
        }

        // Looked up at each dial: interfaces come and go, and change their addresses.
        return NetworkInterface.GetAllNetworkInterfaces()
            .Where(candidate => candidate.Name == bindInterface)
            .SelectMany(candidate => candidate.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .FirstOrDefault(address => address.AddressFamily == family && !address.IsIPv6LinkLocal);
    }
}
