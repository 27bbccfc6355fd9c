using System.Net.WebSockets;
using System.Threading.Channels;
using RPort.Agent.Connection;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Agent.Tests.Kit;

/// <summary>A gateway in the test's own process: upgrade, SSH and the base protocol, with every answer in the test's hands.</summary>
internal sealed class FakeGateway : UpgradeServer, ISshPeerHandler
{
    public const string Auth = "fleet:agent-password";

    private readonly SshHostKey _key;
    private readonly Channel<SshConnection> _logins = Channel.CreateUnbounded<SshConnection>();
    private readonly Channel<(SshConnection Connection, ConnectionRequest Request)> _registrations = Channel.CreateUnbounded<(SshConnection, ConnectionRequest)>();
    private readonly Channel<(SshConnection Connection, SshRequest Request)> _requests = Channel.CreateUnbounded<(SshConnection, SshRequest)>();

    /// <param name="key">The host key; shared between gateways that stand for one server. Stays the caller's.</param>
    /// <param name="port">Where to listen; 0 picks a free port.</param>
    public FakeGateway(SshHostKey key, int port = 0)
        : base(port) => _key = key;

    /// <summary>The text to refuse registrations with; null takes them.</summary>
    public string? Refusal { get; set; }

    /// <summary>Sent after each registration; null sends none.</summary>
    public Capabilities? Capabilities { get; set; } = new() { ServerVersion = "test", Features = [ProtocolFeatures.Push2, ProtocolFeatures.Inventory2] };

    public ISftpFileSource? Files { get; set; }

    /// <summary>Answers requests other than registrations; null: success.</summary>
    public Func<SshRequest, SshReply>? Answer { get; set; }

    public int LoginAttempts { get; private set; }

    /// <summary>Wraps each connection's bytes.</summary>
    public Func<Stream, Stream> Wrap { get; set; } = stream => stream;

    public async Task<(SshConnection Connection, ConnectionRequest Request)> RegisteredAsync() =>
        await _registrations.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    /// <summary>The next request with this name; others are skipped.</summary>
    public async Task<SshRequest> RequestedAsync(string name)
    {
        while (true)
        {
            (_, SshRequest request) = await _requests.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            if (request.Name == name)
            {
                return request;
            }
        }
    }

    public async ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken)
    {
        if (request.Name != RequestNames.NewConnection)
        {
            _requests.Writer.TryWrite((connection, request));
            return Answer?.Invoke(request) ?? SshReply.Ok();
        }

        if (Refusal is { } refusal)
        {
            return SshReply.Fail(refusal);
        }

        if (Capabilities is { } capabilities)
        {
            await connection.NotifyAsync(RequestNames.PutCapabilities, ProtocolJson.Write(capabilities, ProtocolJson.Default.Capabilities), cancellationToken);
        }

        _registrations.Writer.TryWrite((connection, ProtocolJson.TryRead(request.Payload, ProtocolJson.Default.ConnectionRequest)!));
        return SshReply.Ok("null"u8.ToArray());
    }

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(open.Type == RequestNames.SessionChannel && Files is { } files
            ? SshChannelVerdict.Accept(async (channel, token) =>
            {
                channel.RequestHandler = (request, _) => ValueTask.FromResult(request.Type == "subsystem");
                await new SftpServer(files, new SftpServerOptions()).ServeAsync(channel, token);
            })
            : SshChannelVerdict.Reject(SshChannelOpenFailure.UnknownChannelType, "no"));

    protected override async Task TalkAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        SshServerOptions options = new()
        {
            HostKeys = [_key],
            AuthenticateAsync = (login, _) =>
            {
                LoginAttempts++;
                return ValueTask.FromResult($"{login.UserName}:{login.Password}" == Auth);
            },
        };
        await using SshConnection connection = await SshConnection.AcceptAsync(Wrap(new WebSocketByteStream(socket, null)), options, this, cancellationToken);
        _logins.Writer.TryWrite(connection);
        await connection.Completion.WaitAsync(cancellationToken);
    }
}
