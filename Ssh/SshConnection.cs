namespace RPort.Ssh;

/// <summary>One SSH-2 connection, in either role, over any duplex stream.</summary>
public sealed class SshConnection : IAsyncDisposable
{
    private SshConnection()
    {
    }

    /// <summary>User name that logged in.</summary>
    public string UserName => throw new NotImplementedException();

    /// <summary>The peer's identification without CR LF.</summary>
    public string PeerVersionLine => throw new NotImplementedException();

    /// <summary>Name of the agreed key exchange.</summary>
    public string KeyExchange => throw new NotImplementedException();

    /// <summary>Name of the agreed cipher from us to the peer.</summary>
    public string Cipher => throw new NotImplementedException();

    /// <summary>Bytes taken from the stream.</summary>
    public long BytesReceived => throw new NotImplementedException();

    /// <summary>Bytes given to the stream.</summary>
    public long BytesSent => throw new NotImplementedException();

    /// <summary>When bytes last came from the peer.</summary>
    public DateTimeOffset LastReceived => throw new NotImplementedException();

    /// <summary>Completes, and never faults, once the connection is closed and the stream disposed, with the first reason.</summary>
    public Task<SshCloseReason> Completion => throw new NotImplementedException();

    /// <summary>Does the server's part of handshake and login. Owns the stream from here, whatever happens.</summary>
    public static Task<SshConnection> AcceptAsync(
        Stream transport, SshServerOptions options, ISshPeerHandler handler, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Does the client's part of handshake and login. Owns the stream from here, whatever happens.</summary>
    public static Task<SshConnection> ConnectAsync(
        Stream transport, SshClientOptions options, ISshPeerHandler handler, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sends a global request that wants a reply, and waits for it. Replies come in the order of requests.</summary>
    public ValueTask<SshReply> RequestAsync(string name, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sends a global request that wants no reply.</summary>
    public ValueTask NotifyAsync(string name, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Opens a channel.</summary>
    public ValueTask<SshChannel> OpenChannelAsync(string type, ReadOnlyMemory<byte> openData, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Agrees on new keys.</summary>
    public Task RekeyAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sends DISCONNECT and closes. The first caller's reason wins.</summary>
    public ValueTask CloseAsync(SshDisconnectReason reason, string message) => throw new NotImplementedException();

    /// <summary>Closes as <see cref="SshDisconnectReason.ByApplication"/>.</summary>
    public ValueTask DisposeAsync() => CloseAsync(SshDisconnectReason.ByApplication, "done");
}
