using System.Net;
using System.Net.Sockets;
using System.Text;
using RPort.Ssh;
using RPort.Ssh.Forwarding;

namespace RPort.Load.Agents;

/// <summary>The agents' end of tunnels: TCP only, to literal addresses.</summary>
internal static class TunnelEnd
{
    private static readonly RelayMeter Meter = new();

    public static SshChannelVerdict Open(SshChannelOpen open) => IPEndPoint.TryParse(Encoding.UTF8.GetString(open.Data.Span), out IPEndPoint? target)
        ? SshChannelVerdict.Defer(token => ReachAsync(target, token))
        : SshChannelVerdict.Reject(SshChannelOpenFailure.ConnectFailed, "the target must be address:port");

    private static async Task<SshChannelVerdict> ReachAsync(IPEndPoint target, CancellationToken cancellationToken)
    {
        Socket socket = new(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(target, cancellationToken);
        }
        catch (Exception e)
        {
            socket.Dispose();
            return SshChannelVerdict.Reject(SshChannelOpenFailure.ConnectFailed, e.Message);
        }

        return SshChannelVerdict.Accept(async (channel, token) => await SocketRelay.RunAsync(socket, channel, Meter, peerKeepsHalfClose: true, token), socket);
    }
}
