using System.Net.Sockets;

namespace RPort.Agent.Tunnels;

/// <summary>Errors of sockets in the words operators know from existing agents, whatever the operating system calls them.</summary>
internal static class SocketErrorText
{
    public static string Of(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "connection reset by peer",
        SocketError.TimedOut => "connection timed out",
        SocketError.NetworkUnreachable => "network is unreachable",
        SocketError.HostUnreachable => "no route to host",
        SocketError.AddressNotAvailable => "cannot assign requested address",
        SocketError.AddressFamilyNotSupported => "address family not supported by protocol",
        SocketError.AccessDenied => "permission denied",
        SocketError.TooManyOpenSockets => "too many open files",
        SocketError.HostNotFound or SocketError.NoData => "no such host",
        SocketError.TryAgain => "temporary failure in name resolution",
        _ => error.Message,
    };
}
