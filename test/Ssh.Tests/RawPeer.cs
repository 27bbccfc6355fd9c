using System.Buffers.Binary;
using RPort.Ssh.Authentication;
using RPort.Ssh.KeyExchange;
using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Tests;

/// <summary>A peer that does as a test says: correct frames and keys, any message at any time.</summary>
internal sealed class RawPeer : IAsyncDisposable
{
    private static readonly byte[] Version = "SSH-2.0-raw\r\n"u8.ToArray();

    private readonly Stream _stream;
    private readonly CancellationTokenSource _abort = new();
    private readonly Task _sending;
    private bool _disposed;

    public RawPeer(Stream stream, SshConnectionOptions options, byte[]? versionLine = null)
    {
        _stream = stream;
        Sender = new PacketSender(stream, int.MaxValue);
        Receiver = new PacketReceiver(stream, options.MaxPacketBytes, options.TimeProvider);
        KeyExchange = new KeyExchangeProcess(options, Sender, Receiver, static _ => { });
        _sending = Sender.RunAsync(versionLine ?? Version, _abort.Token);
    }

    public PacketSender Sender { get; }

    public PacketReceiver Receiver { get; }

    public KeyExchangeProcess KeyExchange { get; }

    /// <summary>Options of a client that says what the version line of this peer says.</summary>
    public static SshClientOptions ClientOptions { get; } = new()
    {
        VersionLine = "SSH-2.0-raw",
        UserName = SessionPair.User,
        Password = SessionPair.Password,
        VerifyHostKey = static _ => true,
    };

    /// <summary>A raw client that has keys with a real server, and has not logged in.</summary>
    public static async Task<(RawPeer Peer, Task<SshConnection> Accept, PeerHandler Handler)> BeforeLoginAsync(SshServerOptions? serverOptions = null)
    {
        (Stream near, Stream far) = Testing.DuplexPair.Create();
        PeerHandler handler = new();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, serverOptions ?? SessionPair.ServerOptions, handler);
        RawPeer peer = new(near, ClientOptions);
        await peer.ExchangeKeysAsync();
        return (peer, accept, handler);
    }

    /// <summary>A raw client, logged in to a real server.</summary>
    public static async Task<(RawPeer Peer, SshConnection Server, PeerHandler Handler)> LogInAsync(SshServerOptions? serverOptions = null)
    {
        (RawPeer peer, Task<SshConnection> accept, PeerHandler handler) = await BeforeLoginAsync(serverOptions);
        await peer.LogInAsync(SessionPair.Password);
        return (peer, await accept.WaitAsync(SessionPair.Patience), handler);
    }

    /// <summary>Sends a message as the connection's state allows: it waits while keys are exchanged.</summary>
    public void Send(params ReadOnlySpan<byte> message)
    {
        Assert.True(Sender.TryQueue(message, null, out _));
    }

    /// <summary>Sends a message even in the middle of a key exchange.</summary>
    public void SendNow(params ReadOnlySpan<byte> message)
    {
        Sender.AddKeyExchange(message);
        Sender.Wake();
    }

    /// <summary>The next message, or null at the end of the stream.</summary>
    public async Task<byte[]?> ReceiveAsync()
    {
        ReadOnlyMemory<byte> payload;
        while (!Receiver.TryTake(out payload))
        {
            if (!await Receiver.FillAsync(_abort.Token).AsTask().WaitAsync(SessionPair.Patience))
            {
                return null;
            }
        }

        return payload.ToArray();
    }

    /// <summary>Skips messages until one of a number.</summary>
    public async Task<byte[]> ExpectAsync(MessageNumber number)
    {
        while (true)
        {
            byte[] message = await ReceiveAsync() ?? throw new InvalidOperationException($"The stream ended before {number}.");
            if (message[0] == (byte)number)
            {
                return message;
            }
        }
    }

    /// <summary>Reads to DISCONNECT, and gives its code.</summary>
    public async Task<SshDisconnectReason> ExpectDisconnectAsync()
    {
        byte[] message = await ExpectAsync(MessageNumber.Disconnect);
        return (SshDisconnectReason)BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(1));
    }

    public async Task ReadVersionAsync()
    {
        string line;
        while (!Receiver.TryTakeVersionLine(out line))
        {
            Assert.True(await Receiver.FillAsync(_abort.Token).AsTask().WaitAsync(SessionPair.Patience));
        }

        KeyExchange.PeerVersion = line;
    }

    /// <summary>The version exchange and the first key exchange.</summary>
    public async Task ExchangeKeysAsync()
    {
        _ = KeyExchange.Begin();
        await ReadVersionAsync();
        await FinishKeyExchangeAsync();
    }

    /// <summary>Reads on until new keys hold.</summary>
    public async Task FinishKeyExchangeAsync()
    {
        while (true)
        {
            byte[] message = await ReceiveAsync() ?? throw new InvalidOperationException("The stream ended in a key exchange.");
            if (message[0] is >= 20 and < 50 && KeyExchange.Handle((MessageNumber)message[0], message))
            {
                return;
            }
        }
    }

    public async Task LogInAsync(string password)
    {
        Send(ServiceMessage.Encode(MessageNumber.ServiceRequest, ServiceMessage.UserAuth));
        await ExpectAsync(MessageNumber.ServiceAccept);
        Send(UserAuthRequestMessage.EncodePassword(SessionPair.User, password));
        await ExpectAsync(MessageNumber.UserAuthSuccess);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Sender.BeginClose([]);
        await _abort.CancelAsync();
        await _stream.DisposeAsync();
        try
        {
            await _sending.WaitAsync(SessionPair.Patience);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The stream is gone, as a hang-up is.
        }

        Sender.Dispose();
        Receiver.Dispose();
        KeyExchange.Dispose();
        _abort.Dispose();
    }
}
