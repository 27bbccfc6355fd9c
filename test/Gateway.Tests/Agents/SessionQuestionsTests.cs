using System.Net;
using System.Net.Sockets;
using RPort.Gateway.Agents.Registration;
using RPort.Gateway.Agents.Sessions;
using RPort.Gateway.Tests.Kit;
using RPort.Gateway.Tests.Tunnels.Live;
using RPort.Gateway.Tunnels.Live;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Agents;

/// <summary>The client grain calls a session connected a moment before the session itself knows; whoever asks in that moment is not turned away.</summary>
public sealed class SessionQuestionsTests : IAsyncLifetime
{
    private static readonly ClientId Machine = new("machine");

    private GatewayUnderTest _gateway = null!;
    private SessionTunnels _tunnels = null!;
    private ClientLink _link = null!;
    private Ear _ear = null!;
    private ConnectResult _connected = null!;

    private IClientGrain Client => _gateway.Grains.GetGrain<IClientGrain>(Machine.Value);

    public async Task InitializeAsync()
    {
        _gateway = await GatewayUnderTest.StartAsync();
        _tunnels = new SessionTunnels(_gateway.Environment.Tunnels);
        _ear = new Ear();
        _link = new ClientLink(_gateway.Environment, SessionId.New(), new GatewayId("here"), "127.0.0.1", _ear);
        _ear.Questions = new SessionQuestions(_gateway.Environment, _link, () => null, _tunnels);
        _connected = await _link.ConnectAsync(
            new AgentClaim(Machine, "process", GatewayUnderTest.AuthId, new ClientInventory { Name = "machine" }, []), CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _tunnels.DisposeAsync();
        await _link.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task Who_asks_while_a_session_takes_up_its_tunnels_waits_for_them()
    {
        using Socket target = TunnelBench.Listen();
        TunnelRecord kept = new(new TunnelId(7), DateTimeOffset.UnixEpoch, TunnelBench.To(target));
        Task<SessionAnswer> answer = Client.AskAsync(new ListTunnels(QuestionId.New(), TestAgent.Patience));
        await _ear.Heard.WaitAsync(TestAgent.Patience);
        Assert.False(answer.IsCompleted);

        await _tunnels.StartAsync(new SessionScope(Machine, null!, true, _link), [.. _connected.Tunnels, kept], [], CancellationToken.None);
        LiveTunnel tunnel = Assert.Single(Assert.IsType<TunnelList>(await answer.WaitAsync(TestAgent.Patience)).Tunnels);
        Assert.Equal(kept.Id, tunnel.Tunnel.Id);
    }

    [Fact]
    public async Task Who_asks_a_session_that_ends_before_it_began_hears_so()
    {
        Task<SessionAnswer> answer = Client.AskAsync(new AskAgent(QuestionId.New(), TestAgent.Patience, "ping", ""));
        await _ear.Heard.WaitAsync(TestAgent.Patience);
        Assert.False(answer.IsCompleted);

        await _tunnels.DisposeAsync();
        Assert.Equal(RefusalReason.NotConnected, Assert.IsType<Refused>(await answer.WaitAsync(TestAgent.Patience)).Reason);
    }

    private sealed class Ear : SilentSession
    {
        private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SessionQuestions Questions { get; set; } = null!;

        /// <summary>A question has come and was taken up as far as it goes by itself.</summary>
        public Task Heard => _heard.Task;

        public override void Ask(SessionQuestion question)
        {
            Questions.Take(question);
            _heard.TrySetResult();
        }
    }
}
