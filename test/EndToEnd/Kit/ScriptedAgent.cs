using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.EndToEnd.Kit;

/// <summary>A peer on the agent port whose every message a test writes itself, over the real SSH client.</summary>
internal sealed class ScriptedAgent : ISshPeerHandler, IAsyncDisposable
{
    private readonly Channel<SshRequest> _requests = Channel.CreateUnbounded<SshRequest>();
    private SshConnection? _connection;

    public SshConnection Connection => _connection ?? throw new InvalidOperationException("not connected");

    /// <summary>What to answer the gateway's requests with; success and nothing in it by default.</summary>
    public Func<SshRequest, SshReply> Answer { get; set; } = _ => SshReply.Ok();

    /// <summary>Up to and including the SSH log-in.</summary>
    public static async Task<ScriptedAgent> LoginAsync(GatewayProcess gateway, string user = "fleet", string password = GatewayProcess.AgentPassword)
    {
        ScriptedAgent agent = new();
        Stream stream = await DialAsync(gateway);
        agent._connection = await SshConnection.ConnectAsync(stream, new SshClientOptions
        {
            UserName = user,
            Password = password,
            VerifyHostKey = key => key.Matches(gateway.Fingerprint),
        }, agent, CancellationToken.None);
        return agent;
    }

    /// <summary>The WebSocket as a stream, nothing said on it yet.</summary>
    public static async Task<Stream> DialAsync(GatewayProcess gateway)
    {
        ClientWebSocket socket = new();
        socket.Options.AddSubProtocol(RequestNames.WebSocketProtocol);
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20));
        await socket.ConnectAsync(new Uri(gateway.AgentsUrl), deadline.Token);
        return WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: true);
    }

    /// <summary>Registers under this id and returns the gateway's reply.</summary>
    public async Task<SshReply> RegisterAsync(string id, params string[] features) => await Connection.RequestAsync(
        RequestNames.NewConnection,
        ProtocolJson.Write(new ConnectionRequest
        {
            Id = id,
            Name = $"name of {id}",
            SessionId = Guid.NewGuid().ToString(),
            Hostname = "scripted",
            Version = "0.0.0",
            Features = features.Length == 0 ? null : features,
        }, ProtocolJson.Default.ConnectionRequest),
        CancellationToken.None);

    /// <summary>The next request of this name from the gateway; others before it are dropped.</summary>
    public async Task<SshRequest> RequestedAsync(string name, TimeSpan? limit = null)
    {
        using CancellationTokenSource deadline = new(limit ?? TimeSpan.FromSeconds(20));
        while (true)
        {
            SshRequest request = await _requests.Reader.ReadAsync(deadline.Token);
            if (request.Name == name)
            {
                return request;
            }
        }
    }

    public async Task<UploadOrder> OrderedAsync()
    {
        SshRequest request = await RequestedAsync(RequestNames.Upload);
        return ProtocolJson.TryRead(request.Payload, ProtocolJson.Default.UploadOrder)!;
    }

    public async Task<string> TextOfAsync(string request, byte[] payload)
    {
        SshReply reply = await Connection.RequestAsync(request, payload, CancellationToken.None);
        return $"{(reply.Success ? "success" : "failure")}:{Encoding.UTF8.GetString(reply.Payload.Span)}";
    }

    public ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken)
    {
        _requests.Writer.TryWrite(request);
        return ValueTask.FromResult(Answer(request));
    }

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(SshChannelVerdict.Reject(SshChannelOpenFailure.AdministrativelyProhibited, "no"));

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
    }
}
