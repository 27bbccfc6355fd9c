using System.Net;
using System.Net.Sockets;
using System.Text;
using RPort.Gateway.Tests.Agents;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Forwarding;

namespace RPort.Gateway.Tests.Tunnels.Live;

/// <summary>A gateway with an agent whose tunnel channels lead to real sockets, and what a test wants of the two.</summary>
internal sealed class TunnelBench : IAsyncDisposable
{
    private readonly RelayMeter _meter = new();

    private TunnelBench(GatewayUnderTest gateway)
    {
        Gateway = gateway;
    }

    public GatewayUnderTest Gateway { get; }

    public TestAgent Agent { get; private set; } = null!;

    public IClientGrain Client => Gateway.Grains.GetGrain<IClientGrain>("machine");

    /// <summary>The extra data of every channel the gateway opened.</summary>
    public List<string> Opened { get; } = [];

    public static Task<TunnelBench> StartAsync(params (string Key, string Value)[] settings) => StartAsync(TimeProvider.System, settings);

    public static async Task<TunnelBench> StartAsync(TimeProvider clock, params (string Key, string Value)[] settings)
    {
        TunnelBench bench = new(await GatewayUnderTest.StartAsync(clock, [("Tunnels:UsedPorts:0", "21000-29000"), .. settings]));
        bench.Agent = await bench.ConnectAsync();
        return bench;
    }

    /// <summary>A listener of this machine, for a target.</summary>
    public static Socket Listen()
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    public static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    public static TunnelSpec To(Socket target, TunnelProtocol protocol = TunnelProtocol.Tcp) => new()
    {
        Owner = "admin",
        Protocol = protocol,
        LocalHost = "127.0.0.1",
        LocalPortRandom = true,
        RemoteHost = "127.0.0.1",
        RemotePort = PortOf(target),
        Acl = "127.0.0.1",
    };

    public static async Task<Socket> DialAsync(LiveTunnel tunnel)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, tunnel.Tunnel.Spec.LocalPort).WaitAsync(TestAgent.Patience);
        return socket;
    }

    /// <summary>An agent that registers with this client id and leads channels to their targets.</summary>
    public async Task<TestAgent> ConnectAsync(string process = "process", string? remotes = null, GatewayUnderTest? to = null)
    {
        TestAgent agent = await TestAgent.LoginAsync(to ?? Gateway, agent: new TestAgent { ProcessSession = process });
        agent.Answer = Answer;
        agent.Open = Open;
        SshReply reply = await agent.RegisterAsync(new ConnectionRequest
        {
            Id = "machine",
            Name = "machine",
            SessionId = process,
            Features = [ProtocolFeatures.Push2, ProtocolFeatures.Tunnel2],
            Remotes = remotes is null ? null : System.Text.Json.JsonElement.Parse(remotes),
        });
        Assert.True(reply.Success, Encoding.UTF8.GetString(reply.Payload.Span));
        LastReply = Encoding.UTF8.GetString(reply.Payload.Span);
        await agent.RequestedAsync(RequestNames.PutCapabilities);
        return agent;
    }

    /// <summary>What the last agent that registered was answered.</summary>
    public string LastReply { get; private set; } = "";

    /// <summary>Replies to check_tunnel_allowed and check_port.</summary>
    public Func<SshRequest, SshReply> Reply { get; set; } = static request => request.Name switch
    {
        RequestNames.CheckTunnelAllowed => SshReply.Ok("""{"IsAllowed":true}"""u8.ToArray()),
        RequestNames.CheckPort => SshReply.Ok("""{"Open":true,"ErrMsg":""}"""u8.ToArray()),
        _ => SshReply.Ok(),
    };

    public Task<SessionAnswer> AskAsync(Func<QuestionId, TimeSpan, SessionQuestion> question) => Client.AskAsync(question(QuestionId.New(), TimeSpan.FromSeconds(10)));

    public async Task<LiveTunnel> OpenAsync(TunnelSpec spec) =>
        Assert.IsType<TunnelOpened>(await AskAsync((id, time) => new OpenTunnel(id, time, spec, CheckPort: true))).Tunnel;

    public async Task<Refused> RefusedAsync(TunnelSpec spec) =>
        Assert.IsType<Refused>(await AskAsync((id, time) => new OpenTunnel(id, time, spec, CheckPort: true)));

    public async Task<LiveTunnel> ViewAsync(LiveTunnel tunnel) =>
        Assert.IsType<TunnelList>(await AskAsync((id, time) => new ListTunnels(id, time))).Tunnels.Single(t => t.Tunnel.Id == tunnel.Tunnel.Id);

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await Gateway.DisposeAsync();
    }

    private Task<SshReply> Answer(SshRequest request) => Task.FromResult(Reply(request));

    private SshChannelVerdict Open(SshChannelOpen open)
    {
        string target = Encoding.UTF8.GetString(open.Data.Span);
        lock (Opened)
        {
            Opened.Add(target);
        }

        return SshChannelVerdict.Defer(async cancellationToken =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPEndPoint.Parse(target), cancellationToken);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                return SshChannelVerdict.Reject(SshChannelOpenFailure.ConnectFailed, e.Message);
            }

            return SshChannelVerdict.Accept((channel, token) => SocketRelay.RunAsync(socket, channel, _meter, peerKeepsHalfClose: true, token), socket);
        });
    }
}
