using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using RPort.Interop.OpenSsh;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Interop.OurServer;

/// <summary>A small SSH server on RPort.Ssh, on a loopback port: password login, the built-in commands, and a folder by SFTP.</summary>
internal sealed class LoopbackSshServer : ISshPeerHandler, IAsyncDisposable
{
    public const string UserName = "interop";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly SshHostKey[] _hostKeys;
    private readonly SshServerOptions _options;
    private readonly SftpServer _files;
    private readonly Task _accepting;

    public LoopbackSshServer(ServerSettings? settings = null)
    {
        settings ??= new ServerSettings();
        using RSA rsa = RSA.Create(2048);
        _hostKeys = [SshHostKey.GenerateEcdsa(), SshHostKey.FromPem(rsa.ExportPkcs8PrivateKeyPem())];
        _files = new SftpServer(new FolderFiles(settings.Folder), new SftpServerOptions());
        _options = new SshServerOptions
        {
            HostKeys = _hostKeys,
            AuthenticateAsync = (login, _) => ValueTask.FromResult(login.UserName == UserName && login.Password == Password),
            RekeyAfterBytes = settings.RekeyAfterBytes ?? 1L << 30,
            InitialWindowBytes = settings.WindowBytes ?? 2 * 1024 * 1024,
            MaxWindowBytes = settings.WindowBytes ?? 16 * 1024 * 1024,
        };
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Password { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(12));

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>OpenSSH's clients, set up to log in here.</summary>
    public OpenSshClient Client() => ClientWith(Password);

    public OpenSshClient ClientWith(string password) => new(Port, UserName, password, _hostKeys.Select(key => key.Fingerprint));

    /// <summary>The reasons for which connections ended, logins that failed included.</summary>
    public ConcurrentQueue<string> Ends { get; } = [];

    public ConcurrentQueue<SshConnection> Connections { get; } = [];

    public ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(SshReply.Fail());

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(open.Type == "session"
            ? SshChannelVerdict.Accept((channel, stop) => new SessionChannel(channel, _files).ServeAsync(stop))
            : SshChannelVerdict.Reject(SshChannelOpenFailure.UnknownChannelType, "only sessions here"));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_serving);
        foreach (SshHostKey key in _hostKeys)
        {
            key.Dispose();
        }

        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                _serving.Add(ServeAsync(socket));
            }
        }
        catch (OperationCanceledException)
        {
            // closing
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await Task.Yield();
        socket.NoDelay = true;
        try
        {
            await using SshConnection connection = await SshConnection.AcceptAsync(new NetworkStream(socket, ownsSocket: true), _options, this, _stop.Token);
            Connections.Enqueue(connection);
            Ends.Enqueue((await connection.Completion.WaitAsync(_stop.Token)).Message);
        }
        catch (Exception e) when (e is SshException or OperationCanceledException or IOException)
        {
            Ends.Enqueue(e.Message);
        }
    }
}
