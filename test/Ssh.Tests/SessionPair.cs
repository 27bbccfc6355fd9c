using RPort.Testing;

namespace RPort.Ssh.Tests;

/// <summary>A client and a server joined in memory, each with a handler the test can fill in.</summary>
internal sealed class SessionPair : IAsyncDisposable
{
    public const string User = "agent";
    public const string Password = "a long random secret";

    private static readonly SshHostKey SharedKey = SshHostKey.GenerateEcdsa();

    private SessionPair(SshConnection client, SshConnection server, PeerHandler clientHandler, PeerHandler serverHandler)
    {
        Client = client;
        Server = server;
        ClientHandler = clientHandler;
        ServerHandler = serverHandler;
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    public SshConnection Client { get; }

    public SshConnection Server { get; }

    public PeerHandler ClientHandler { get; }

    public PeerHandler ServerHandler { get; }

    public static SshServerOptions ServerOptions { get; } = new()
    {
        HostKeys = [SharedKey],
        AuthenticateAsync = static (login, _) => ValueTask.FromResult(login is { UserName: User, Password: Password }),
    };

    public static SshClientOptions ClientOptions { get; } = new()
    {
        UserName = User,
        Password = Password,
        VerifyHostKey = static fingerprint => fingerprint.Matches(SharedKey.Fingerprint.Sha256),
    };

    public static async Task<SessionPair> CreateAsync(
        SshClientOptions? clientOptions = null, SshServerOptions? serverOptions = null, (Stream First, Stream Second)? streams = null)
    {
        (Stream first, Stream second) = streams ?? DuplexPair.Create();
        PeerHandler clientHandler = new();
        PeerHandler serverHandler = new();
        Task<SshConnection> accept = SshConnection.AcceptAsync(second, serverOptions ?? ServerOptions, serverHandler);
        Task<SshConnection> connect = SshConnection.ConnectAsync(first, clientOptions ?? ClientOptions, clientHandler);
        await Task.WhenAll(accept, connect).WaitAsync(Patience);
        return new SessionPair(await connect, await accept, clientHandler, serverHandler);
    }

    /// <summary>Opens a channel from the client and gives both ends; the server's end lives until it is closed.</summary>
    public async Task<(SshChannel Near, SshChannel Far)> OpenAsync(
        string type = "session", Func<SshChannelRequest, CancellationToken, ValueTask<bool>>? requests = null)
    {
        TaskCompletionSource<SshChannel> far = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ServerHandler.OnOpen = _ => SshChannelVerdict.Accept(async (channel, _) =>
        {
            channel.RequestHandler = requests;
            far.SetResult(channel);
            await channel.Closed;
        });
        SshChannel near = await Client.OpenChannelAsync(type, default).AsTask().WaitAsync(Patience);
        return (near, await far.Task.WaitAsync(Patience));
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync().AsTask().WaitAsync(Patience);
        await Server.DisposeAsync().AsTask().WaitAsync(Patience);
    }
}

/// <summary>A handler whose answers a test sets. Refuses what was not set.</summary>
internal sealed class PeerHandler : ISshPeerHandler
{
    public Func<SshRequest, ValueTask<SshReply>>? OnRequest { get; set; }

    public Func<SshChannelOpen, SshChannelVerdict>? OnOpen { get; set; }

    public ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken) =>
        OnRequest?.Invoke(request) ?? ValueTask.FromResult(SshReply.Fail("unknown request"));

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OnOpen?.Invoke(open) ?? SshChannelVerdict.Reject(SshChannelOpenFailure.UnknownChannelType, "no such type"));
}
