using System.Net;
using System.Net.Sockets;
using RPort.Ssh.Forwarding;

namespace RPort.Ssh.Tests.Forwarding;

/// <summary>A socket of the test's, joined by a relay with a channel whose far end is the test's as well.</summary>
internal sealed class RelayedPair : IAsyncDisposable
{
    private readonly CancellationTokenSource _cancel = new();

    private RelayedPair(SessionPair sessions, Socket outside, Socket relayed)
    {
        Sessions = sessions;
        Socket = outside;
        Relayed = relayed;
    }

    public SessionPair Sessions { get; }

    /// <summary>The test's end of the TCP connection.</summary>
    public Socket Socket { get; }

    /// <summary>The test's end of the channel.</summary>
    public SshChannel Channel { get; private set; } = null!;

    /// <summary>The relay's end of the channel.</summary>
    public SshChannel Far { get; private set; } = null!;

    /// <summary>The relay's end of the TCP connection.</summary>
    public Socket Relayed { get; }

    public RelayMeter Meter { get; } = new();

    public Task<bool> Relay { get; private set; } = null!;

    public static async Task<RelayedPair> CreateAsync(bool peerKeepsHalfClose = true)
    {
        SessionPair sessions = await SessionPair.CreateAsync();
        (Socket outside, Socket relayed) = await ConnectAsync();
        RelayedPair pair = new(sessions, outside, relayed);
        sessions.ServerHandler.OnOpen = _ => SshChannelVerdict.Accept((channel, _) =>
        {
            pair.Far = channel;
            return pair.Relay = SocketRelay.RunAsync(relayed, channel, pair.Meter, peerKeepsHalfClose, pair._cancel.Token);
        });
        pair.Channel = await sessions.Client.OpenChannelAsync("relayed", default).AsTask().WaitAsync(SessionPair.Patience);
        return pair;
    }

    public static async Task<(Socket First, Socket Second)> ConnectAsync()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Socket first = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Task<Socket> accept = listener.AcceptAsync();
        await first.ConnectAsync(listener.LocalEndPoint!);
        return (first, await accept);
    }

    public Task CancelAsync() => _cancel.CancelAsync();

    /// <summary>Breaks the TCP connection from the test's end.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        Socket.Dispose();
    }

    /// <summary>Reads a socket to its orderly end.</summary>
    public static async Task<byte[]> ReadAsync(Socket socket)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await socket.ReceiveAsync(buffer).WaitAsync(SessionPair.Patience)) > 0)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    public Task<byte[]> ReadSocketAsync() => ReadAsync(Socket);

    public async Task AssertSocketIsResetAsync()
    {
        SocketException error = await Assert.ThrowsAsync<SocketException>(ReadSocketAsync);
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    /// <summary>How the relay ended, once nothing of it is open.</summary>
    public async Task<bool> EndAsync()
    {
        bool orderly = await Relay.WaitAsync(SessionPair.Patience);
        Assert.True(Relayed.SafeHandle.IsClosed);
        await Far.Closed.WaitAsync(SessionPair.Patience);
        await Channel.Closed.WaitAsync(SessionPair.Patience);
        return orderly;
    }

    public async ValueTask DisposeAsync()
    {
        Socket.Dispose();
        await Sessions.DisposeAsync();
        await Relay.WaitAsync(SessionPair.Patience);
        _cancel.Dispose();
    }
}
