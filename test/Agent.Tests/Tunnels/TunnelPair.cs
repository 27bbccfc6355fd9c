using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using RPort.Agent.Logging;
using RPort.Agent.Tunnels;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Testing;

namespace RPort.Agent.Tests.Tunnels;

/// <summary>The agent's end of tunnels on one side of a connection, the test as gateway on the other.</summary>
internal sealed class TunnelPair : ISshPeerHandler, IAsyncDisposable
{
    private static readonly SshHostKey Key = SshHostKey.GenerateEcdsa();

    private readonly TunnelQuestions _questions;
    private readonly StringWriter _log = new();
    private SshConnection? _agent;
    private SshConnection? _gateway;

    private TunnelPair(string[] allowed, int maxConnections, TimeProvider clock, Func<string, CancellationToken, Task<IPAddress[]>>? resolve)
    {
        TunnelDialer dialer = new(AllowList.Parse(allowed), clock, resolve);
        Service = new TunnelService(dialer, maxConnections, clock, new LineLogger(_log, LogLevel.Debug, TimeProvider.System)) { Tunnel2 = true };
        _questions = new TunnelQuestions(dialer, Service);
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    public TunnelService Service { get; }

    public SshConnection Gateway => _gateway!;

    public string Log => _log.ToString();

    public static async Task<TunnelPair> CreateAsync(
        string[]? allowed = null, int maxConnections = 1000, TimeProvider? clock = null, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        TunnelPair pair = new(allowed ?? [], maxConnections, clock ?? TimeProvider.System, resolve);
        (Stream near, Stream far) = DuplexPair.Create();
        SshServerOptions server = new() { HostKeys = [Key], AuthenticateAsync = static (_, _) => ValueTask.FromResult(true) };
        SshClientOptions client = new() { UserName = "a", Password = "b", VerifyHostKey = static _ => true };
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, server, new Deaf());
        pair._agent = await SshConnection.ConnectAsync(near, client, pair);
        pair._gateway = await accept;
        return pair;
    }

    public async Task<SshChannel> OpenAsync(string target) =>
        await Gateway.OpenChannelAsync(RequestNames.TunnelChannel, Encoding.UTF8.GetBytes(target)).AsTask().WaitAsync(Patience);

    public Task<SshReply> AskAsync(string name, string json) => Gateway.RequestAsync(name, Encoding.UTF8.GetBytes(json)).AsTask().WaitAsync(Patience);

    public async Task<string> AnswerAsync(string name, string json)
    {
        SshReply reply = await AskAsync(name, json);
        return (reply.Success ? "" : "FAILURE ") + Encoding.UTF8.GetString(reply.Payload.Span);
    }

    public ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(request.Name switch
    {
        RequestNames.CheckPort => _questions.IsOpen(request.Payload),
        RequestNames.CheckTunnelAllowed => _questions.IsAllowed(request.Payload),
        _ => SshReply.Ok(),
    });

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Service.Open(open));

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await _agent!.DisposeAsync();
    }

    private sealed class Deaf : ISshPeerHandler
    {
        public ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(SshReply.Fail());

        public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
            ValueTask.FromResult(SshChannelVerdict.Reject(SshChannelOpenFailure.UnknownChannelType, "no"));
    }
}
