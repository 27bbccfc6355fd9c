using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using RPort.EndToEnd.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.EndToEnd.Replay;

/// <summary>
/// An existing agent as recorded: what it says goes out byte for byte, and what it hears is kept as bytes. It takes one request at a time and answers
/// the next one only after that, as those agents do.
/// </summary>
internal sealed class RecordedAgent : ISshPeerHandler, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Channel<SshRequest> _heard = Channel.CreateUnbounded<SshRequest>();
    private readonly ConcurrentDictionary<string, Func<SshRequest, Task<SshReply>>> _answers = new();

    public SshConnection Connection { get; private set; } = null!;

    /// <summary>What it does with a channel the gateway opens; refused by default.</summary>
    public Func<SshChannelOpen, SshChannelVerdict> OnChannel { get; set; } =
        _ => SshChannelVerdict.Reject(SshChannelOpenFailure.AdministrativelyProhibited, "no");

    /// <summary>A recorded message.</summary>
    public static string Recorded(string name) => File.ReadAllText(Path.Combine(Built.Root, "test", "EndToEnd", "Replay", "Recorded", name + ".json"));

    /// <summary>The recorded registration under another id, and with a process of its own.</summary>
    public static string Registration(string id, JsonNode? remotes = null)
    {
        JsonNode request = JsonNode.Parse(Recorded(RequestNames.NewConnection))!;
        request["ID"] = id;
        request["SessionID"] = Guid.NewGuid().ToString();
        request["Remotes"] = remotes;
        return request.ToJsonString();
    }

    /// <summary>Up to and including the SSH log-in.</summary>
    public static async Task<RecordedAgent> LoginAsync(ReplayGateway gateway)
    {
        RecordedAgent agent = new();
        SshClientOptions options = new()
        {
            UserName = ReplayGateway.User,
            Password = ReplayGateway.Password,
            VersionLine = GoTransport.ClientVersion,
            KeyExchanges = [SshAlgorithms.EcdhSha2NistP256, SshAlgorithms.EcdhSha2NistP384, SshAlgorithms.EcdhSha2NistP521],
            Ciphers = [SshAlgorithms.Aes128Gcm, SshAlgorithms.Aes128Ctr, SshAlgorithms.Aes192Ctr, SshAlgorithms.Aes256Ctr],
            Macs = [SshAlgorithms.HmacSha256Etm, SshAlgorithms.HmacSha512Etm, SshAlgorithms.HmacSha256, SshAlgorithms.HmacSha512],
            InitialWindowBytes = 2097152,
            MaxWindowBytes = 2097152,
            MaxChannelDataBytes = 32768,
            MaxPendingRequests = 17, // one in work and 16 in the queue: at the next one a real agent would be stuck
            VerifyHostKey = key => key.Matches(gateway.Process.Fingerprint),
        };
        agent.Connection = await SshConnection.ConnectAsync(await ScriptedAgent.DialAsync(gateway.Process), options, agent, CancellationToken.None);
        return agent;
    }

    /// <summary>Logged in, registered, and told what the gateway can do.</summary>
    public static async Task<RecordedAgent> ConnectAsync(ReplayGateway gateway, string id)
    {
        RecordedAgent agent = await LoginAsync(gateway);
        Assert.Equal("success:null", await agent.AskAsync(RequestNames.NewConnection, Registration(id)));
        await agent.HeardAsync(RequestNames.PutCapabilities);
        return agent;
    }

    /// <summary>How it answers requests of this name; anything else but pings is unknown to it.</summary>
    public void Answer(string request, Func<SshRequest, Task<SshReply>> answer) => _answers[request] = answer;

    public void Answer(string request, string json) => Answer(request, _ => Task.FromResult(SshReply.Ok(Encoding.UTF8.GetBytes(json))));

    public void Refuse(string request, string text) => Answer(request, _ => Task.FromResult(SshReply.Fail(text)));

    /// <summary>The reply as <c>success:…</c> or <c>failure:…</c>.</summary>
    public async Task<string> AskAsync(string request, string payload = "")
    {
        SshReply reply = await Connection.RequestAsync(request, Encoding.UTF8.GetBytes(payload)).AsTask().WaitAsync(Patience);
        return $"{(reply.Success ? "success" : "failure")}:{Encoding.UTF8.GetString(reply.Payload.Span)}";
    }

    public Task TellAsync(string request, string payload) => Connection.NotifyAsync(request, Encoding.UTF8.GetBytes(payload)).AsTask();

    /// <summary>The next request of this name; others before it are dropped.</summary>
    public async Task<SshRequest> HeardAsync(string name)
    {
        using CancellationTokenSource deadline = new(Patience);
        while (true)
        {
            SshRequest request = await _heard.Reader.ReadAsync(deadline.Token);
            if (request.Name == name)
            {
                return request;
            }
        }
    }

    public async Task<string> HeardTextAsync(string name) => Encoding.UTF8.GetString((await HeardAsync(name)).Payload.Span);

    public async Task<JsonElement> HeardJsonAsync(string name) => JsonDocument.Parse((await HeardAsync(name)).Payload).RootElement.Clone();

    public async Task<SshCloseReason> ClosedAsync() => await Connection.Completion.WaitAsync(Patience);

    public async ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken)
    {
        _heard.Writer.TryWrite(request);
        return _answers.TryGetValue(request.Name, out Func<SshRequest, Task<SshReply>>? answer) ? await answer(request)
            : request.Name == RequestNames.Ping ? SshReply.Ok()
            : SshReply.Fail(RequestNames.UnknownRequest);
    }

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OnChannel(open));

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
