using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using RPort.Interop.OpenSsh;
using RPort.Ssh;

namespace RPort.Interop.OurClient;

/// <summary>Our client, connected and logged in to a real <c>sshd</c>.</summary>
internal sealed class OurClientConnection : ISshPeerHandler, IAsyncDisposable
{
    private SshConnection? _connection;

    public SshConnection Connection => _connection!;

    /// <summary>The host key the server showed.</summary>
    public SshHostKeyFingerprint? HostKey { get; private set; }

    public static async Task<OurClientConnection> ConnectAsync(OpenSshDaemon daemon, SystemAccount account, ClientSettings? settings = null)
    {
        settings ??= new ClientSettings();
        var client = new OurClientConnection();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", daemon.Port);
        var options = new SshClientOptions
        {
            UserName = account.Name,
            Password = settings.Password ?? account.Password,
            VerifyHostKey = shown => settings.Trust && daemon.Fingerprints.Contains((client.HostKey = shown).Sha256),
            KeyExchanges = settings.KeyExchanges,
            Ciphers = settings.Ciphers,
            Macs = settings.Macs,
            RekeyAfterBytes = settings.RekeyAfterBytes,
        };
        client._connection = await SshConnection.ConnectAsync(new NetworkStream(socket, ownsSocket: true), options, client, CancellationToken.None);
        return client;
    }

    /// <summary>Starts a command on a channel of its own.</summary>
    public async Task<SshChannel> ExecuteAsync(string command)
    {
        SshChannel channel = await Connection.OpenChannelAsync("session", ReadOnlyMemory<byte>.Empty, CancellationToken.None);
        byte[] payload = new byte[4 + Encoding.UTF8.GetByteCount(command)];
        BinaryPrimitives.WriteInt32BigEndian(payload, payload.Length - 4);
        Encoding.UTF8.GetBytes(command, payload.AsSpan(4));
        Assert.True(await channel.RequestAsync("exec", payload, CancellationToken.None));
        return channel;
    }

    /// <summary>Feeds a command and collects its output at the same time.</summary>
    public async Task<byte[]> RunAsync(string command, ReadOnlyMemory<byte> input = default)
    {
        await using SshChannel channel = await ExecuteAsync(command);
        Task feeding = FeedAsync(channel, input);
        var output = new MemoryStream();
        byte[] buffer = new byte[65536];
        while (await channel.ReadAsync(buffer, CancellationToken.None) is > 0 and int read)
        {
            output.Write(buffer, 0, read);
        }

        await feeding;
        return output.ToArray();
    }

    public ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(SshReply.Fail());

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(SshChannelVerdict.Reject(SshChannelOpenFailure.AdministrativelyProhibited, "a client opens channels here"));

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    private static async Task FeedAsync(SshChannel channel, ReadOnlyMemory<byte> input)
    {
        await channel.WriteAsync(input, CancellationToken.None);
        await channel.SendEofAsync(CancellationToken.None);
    }
}
