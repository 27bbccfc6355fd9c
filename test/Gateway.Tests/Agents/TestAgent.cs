using System.Text;
using System.Threading.Channels;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Tests.Agents;

/// <summary>A peer on the agent port whose every message the test decides.</summary>
internal sealed class TestAgent : ISshPeerHandler, IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<SshRequest> _requests = Channel.CreateUnbounded<SshRequest>();

    public SshConnection Connection { get; private set; } = null!;

    /// <summary>What the gateway's requests are answered with: pushes are accepted, anything else is a success.</summary>
    public Func<SshRequest, Task<SshReply>> Answer { get; set; } = AcceptUploads;

    /// <summary>What becomes of the gateway's channels: refused, unless the test says otherwise.</summary>
    public Func<SshChannelOpen, SshChannelVerdict> Open { get; set; } = static _ => SshChannelVerdict.Reject(SshChannelOpenFailure.AdministrativelyProhibited, "no");

    public string ProcessSession { get; init; } = Guid.NewGuid().ToString();

    public static async Task<TestAgent> LoginAsync(
        GatewayUnderTest gateway, string user = GatewayUnderTest.AuthId, string password = GatewayUnderTest.Password, TestAgent? agent = null, Stream? over = null)
    {
        agent ??= new TestAgent();
        SshClientOptions options = new()
        {
            UserName = user,
            Password = password,
            VersionLine = "SSH-rport-v1-client",
            VerifyHostKey = key => key.Matches(gateway.HostKey.FingerprintSha256),
        };
        agent.Connection = await SshConnection.ConnectAsync(over ?? await gateway.DialAsync(), options, agent, default).WaitAsync(Patience);
        return agent;
    }

    /// <summary>Logs in and registers; with no features it is an existing agent.</summary>
    public static async Task<TestAgent> ConnectAsync(GatewayUnderTest gateway, string id, params string[] features)
    {
        TestAgent agent = await LoginAsync(gateway);
        SshReply reply = await agent.RegisterAsync(id, features);
        Assert.True(reply.Success, Encoding.UTF8.GetString(reply.Payload.Span));
        await agent.RequestedAsync(RequestNames.PutCapabilities);
        return agent;
    }

    public Task<SshReply> RegisterAsync(string id, params string[] features) => RegisterAsync(new ConnectionRequest
    {
        Id = id,
        Name = $"name of {id}",
        SessionId = ProcessSession,
        Hostname = "scripted",
        Version = "0.0.0",
        Features = features.Length == 0 ? null : features,
    });

    public Task<SshReply> RegisterAsync(ConnectionRequest request) =>
        RequestAsync(RequestNames.NewConnection, ProtocolJson.Write(request, ProtocolJson.Default.ConnectionRequest));

    public Task<SshReply> RequestAsync(string name, byte[] payload) => Connection.RequestAsync(name, payload, default).AsTask().WaitAsync(Patience);

    public async Task<string> TextOfAsync(string name, byte[] payload)
    {
        SshReply reply = await RequestAsync(name, payload);
        return $"{(reply.Success ? "success" : "failure")}:{Encoding.UTF8.GetString(reply.Payload.Span)}";
    }

    public Task<string> ReportAsync(UploadResult result) => TextOfAsync(RequestNames.UploadResult, ProtocolJson.Write(result, ProtocolJson.Default.UploadResult));

    /// <summary>The next request of this name from the gateway; others before it are dropped.</summary>
    public async Task<SshRequest> RequestedAsync(string name)
    {
        using CancellationTokenSource deadline = new(Patience);
        while (true)
        {
            SshRequest request = await _requests.Reader.ReadAsync(deadline.Token);
            if (request.Name == name)
            {
                return request;
            }
        }
    }

    public async Task<UploadOrder> OrderedAsync() =>
        ProtocolJson.TryRead((await RequestedAsync(RequestNames.Upload)).Payload, ProtocolJson.Default.UploadOrder)!;

    /// <summary>Requests of the gateway that nobody has asked for yet.</summary>
    public IReadOnlyList<string> Unasked()
    {
        List<string> names = [];
        while (_requests.Reader.TryRead(out SshRequest? request))
        {
            names.Add(request.Name);
        }

        return names;
    }

    public Task<SshCloseReason> ClosedAsync() => Connection.Completion.WaitAsync(Patience);

    public async ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken)
    {
        _requests.Writer.TryWrite(request);
        return await Answer(request);
    }

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Open(open));

    public ValueTask DisposeAsync() => Connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static Task<SshReply> AcceptUploads(SshRequest request) => Task.FromResult(request.Name == RequestNames.Upload
        ? SshReply.Ok(ProtocolJson.Write(new UploadAccepted { Accepted = true }, ProtocolJson.Default.UploadAccepted))
        : SshReply.Ok());
}
