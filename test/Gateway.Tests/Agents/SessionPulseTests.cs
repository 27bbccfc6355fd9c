using RPort.Gateway.Agents.Sessions;
using RPort.Grains.Abstractions;
using RPort.Ssh;
using RPort.Testing;

namespace RPort.Gateway.Tests.Agents;

/// <summary>The heart of a session over a real connection, in time that the test moves.</summary>
public sealed class SessionPulseTests : IAsyncLifetime
{
    // A busy machine needs a few steps of the clock for what is due at one.
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(10);

    private readonly ManualTime _clock = new();
    private readonly Owner _owner = new();

    // More patient than the defaults: time runs fast here, and an answer takes its real time.
    private readonly AgentSessionOptions _options = new() { KeepAliveTimeout = TimeSpan.FromMinutes(5), ProveAliveTimeout = TimeSpan.FromMinutes(5) };
    private readonly Peer _agent = new();
    private readonly CancellationTokenSource _life = new();
    private readonly SshHostKey _key = SshHostKey.GenerateEcdsa();
    private SshConnection _connection = null!;
    private SshConnection _peer = null!;
    private SessionPulse _pulse = null!;
    private Task<SessionEnd> _run = null!;

    public async Task InitializeAsync()
    {
        (Stream here, Stream there) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(here, new SshServerOptions
        {
            HostKeys = [_key],
            AuthenticateAsync = (_, _) => ValueTask.FromResult(true),
            TimeProvider = _clock,
        }, new Peer(), default);
        _peer = await SshConnection.ConnectAsync(there, new SshClientOptions { UserName = "a", Password = "b", VerifyHostKey = _ => true, TimeProvider = _clock }, _agent, default)
            .WaitAsync(TestAgent.Patience);
        _connection = await accept.WaitAsync(TestAgent.Patience);
        _pulse = new SessionPulse(_options, _clock);
        _run = _pulse.RunAsync(_connection, _owner, _life.Token);
    }

    public async Task DisposeAsync()
    {
        await _life.CancelAsync();
        await Task.WhenAny(_run);
        _pulse.Dispose();
        await _connection.DisposeAsync();
        await _peer.DisposeAsync();
        _key.Dispose();
        _life.Dispose();
    }

    [Fact]
    public async Task It_beats_at_least_as_often_as_the_lease_demands()
    {
        DateTimeOffset start = _clock.GetUtcNow();
        await AdvanceUntilAsync(() => _owner.Beats.Count >= 5);
        DateTimeOffset before = start;
        foreach (DateTimeOffset beat in _owner.Beats.Take(5))
        {
            Assert.InRange(beat - before, SessionLease.HeartbeatInterval * 0.5, SessionLease.HeartbeatInterval + Lag);
            before = beat;
        }

        Assert.True(_agent.Pings > 0);
        Assert.False(_run.IsCompleted);
    }

    [Fact]
    public async Task A_grain_that_cannot_be_told_is_told_again_soon()
    {
        _owner.Beat = () => throw new IOException("no silo");
        await AdvanceUntilAsync(() => _owner.Beats.Count >= 3);
        Assert.InRange(_owner.Beats[2] - _owner.Beats[1], TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(5) + Lag);
        Assert.True(_owner.Failures >= 2);
        Assert.False(_run.IsCompleted);
    }

    [Fact]
    public async Task A_grain_that_has_lost_the_session_is_connected_again()
    {
        _owner.Beat = () => _owner.Reconnects > 0;
        await AdvanceUntilAsync(() => _owner.Beats.Count >= 3);
        Assert.Equal(1, _owner.Reconnects);
        Assert.False(_run.IsCompleted);
    }

    [Fact]
    public async Task A_session_that_is_refused_its_place_ends()
    {
        _owner.Beat = () => false;
        _owner.MayReconnect = false;
        await AdvanceUntilAsync(() => _run.IsCompleted);
        Assert.Contains("newer", (await _run).Message);
    }

    [Fact]
    public async Task A_session_of_a_dead_agent_never_claims_its_place_again()
    {
        _agent.Answer = new TaskCompletionSource<SshReply>().Task;
        _owner.Beat = () => false;
        await AdvanceUntilAsync(() => _run.IsCompleted);
        Assert.Equal(0, _owner.Reconnects);
    }

    [Fact]
    public async Task Silence_is_noticed_within_half_a_minute()
    {
        _options.KeepAliveTimeout = new AgentSessionOptions().KeepAliveTimeout;
        _agent.Answer = new TaskCompletionSource<SshReply>().Task;
        DateTimeOffset start = _clock.GetUtcNow();
        await AdvanceUntilAsync(() => _run.IsCompleted);
        Assert.Equal(SshDisconnectReason.ConnectionLost, (await _run).Code);
        Assert.InRange(_clock.GetUtcNow() - start, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30) + Lag);
    }

    [Fact]
    public async Task An_agent_that_may_be_silent_is_not_pinged()
    {
        _owner.AllowedSilence = TimeSpan.FromMinutes(3);
        DateTimeOffset start = _clock.GetUtcNow();
        await AdvanceUntilAsync(() => _clock.GetUtcNow() - start > TimeSpan.FromMinutes(2));
        Assert.Equal(0, _agent.Pings);
        Assert.False(_run.IsCompleted);
        await AdvanceUntilAsync(() => _agent.Pings > 0);
    }

    [Fact]
    public async Task A_proof_of_life_is_asked_for_at_once()
    {
        _pulse.ProveAlive();
        await GatewayUnderTest.UntilAsync(() => Task.FromResult(_agent.Pings == 1));
        Assert.False(_run.IsCompleted);
    }

    // A second at a time, and a moment for what each second sets in motion.
    private async Task AdvanceUntilAsync(Func<bool> holds)
    {
        await GatewayUnderTest.UntilAsync(() =>
        {
            if (!holds())
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                _owner.Now = _clock.GetUtcNow();
            }

            return Task.FromResult(holds());
        });
    }

    private sealed class Owner : IPulseOwner
    {
        private readonly List<DateTimeOffset> _beats = [];

        public Func<bool> Beat { get; set; } = static () => true;

        public bool MayReconnect { get; set; } = true;

        public TimeSpan AllowedSilence { get; set; }

        public DateTimeOffset Now { get; set; } = new ManualTime().GetUtcNow();

        public int Reconnects { get; private set; }

        public int Failures { get; private set; }

        public IReadOnlyList<DateTimeOffset> Beats
        {
            get
            {
                lock (_beats)
                {
                    return [.. _beats];
                }
            }
        }

        public Task<bool> HeartbeatAsync(CancellationToken cancellationToken)
        {
            lock (_beats)
            {
                _beats.Add(Now);
            }

            return Task.FromResult(Beat());
        }

        public Task<bool> ReconnectAsync(CancellationToken cancellationToken)
        {
            Reconnects++;
            return Task.FromResult(MayReconnect);
        }

        public void HeartbeatFailed(Exception error) => Failures++;
    }

    private sealed class Peer : ISshPeerHandler
    {
        private int _pings;

        public int Pings => Volatile.Read(ref _pings);

        public Task<SshReply> Answer { get; set; } = Task.FromResult(SshReply.Ok());

        public async ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _pings);
            return await Answer.WaitAsync(cancellationToken);
        }

        public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
            ValueTask.FromResult(SshChannelVerdict.Reject(SshChannelOpenFailure.AdministrativelyProhibited, "no"));
    }
}
