using System.Net.Http.Headers;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using RPort.Agent.Connection;
using RPort.Agent.Session;
using RPort.Agent.Supervision;
using RPort.Agent.Tests.Kit;
using RPort.Ssh;
using RPort.Testing;

namespace RPort.Agent.Tests.Supervision;

/// <summary>The supervisor alone, with sessions and time in the test's hands.</summary>
public sealed class SupervisorTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualTime _clock = new();
    private readonly ReconnectSignal _reconnect = new();
    private readonly Channel<Attempt> _attempts = Channel.CreateUnbounded<Attempt>();
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(Patience);
        _stop.Dispose();
    }

    [Fact]
    public async Task Failures_of_every_kind_are_outlived_with_growing_pauses()
    {
        Start("a");
        Exception[] failures = [new DialException("x", new IOException()), new TimeoutException(), new InvalidOperationException("a defect"), new RegistrationRefusedException("no")];
        double pause = 1;
        foreach (Exception failure in failures)
        {
            (await NextAsync()).Result.SetException(failure);
            await _clock.ArmedAsync(1);
            _clock.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
            Assert.False(_attempts.Reader.TryPeek(out _));
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            pause *= 2;
        }

        await NextAsync();
    }

    [Fact]
    public async Task A_refused_login_is_tried_again_after_minutes_and_not_after_seconds()
    {
        Start("a");
        (await NextAsync()).Result.SetException(new LoginRefusedException(new InvalidOperationException()));
        await _clock.ArmedAsync(1);
        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.False(_attempts.Reader.TryPeek(out _));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await NextAsync();
    }

    [Theory]
    [InlineData(new[] { 10 }, 20)]
    [InlineData(new[] { 25, 10 }, 20)] // the first that may take us
    [InlineData(new[] { 0, 10 }, 20)] // one of them did not answer
    [InlineData(new[] { 3600 }, 60)]
    public async Task Busy_gateways_are_left_alone_for_as_long_as_they_ask(int[] asked, int pauseSeconds)
    {
        Start([.. asked.Select((_, number) => $"s{number}")]);
        foreach (int seconds in asked)
        {
            (await NextAsync()).Result.SetException(seconds == 0
                ? new DialException("x", new IOException())
                : new DialException("x", new IOException()) { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds)) });
        }

        await PausesAsync(TimeSpan.FromSeconds(pauseSeconds));
        (await NextAsync()).Result.SetException(new TimeoutException());
        for (int i = 1; i < asked.Length; i++)
        {
            (await NextAsync()).Result.SetException(new TimeoutException());
        }

        await PausesAsync(TimeSpan.FromSeconds(2)); // asked once, left alone once
        await NextAsync();
    }

    [Fact]
    public async Task A_busy_gateway_may_name_a_time()
    {
        Start("a");
        (await NextAsync()).Result.SetException(
            new DialException("x", new IOException()) { RetryAfter = new RetryConditionHeaderValue(_clock.GetUtcNow() + TimeSpan.FromSeconds(12)) });
        await PausesAsync(TimeSpan.FromSeconds(24));
        await NextAsync();
    }

    [Theory]
    [InlineData(59, 4)]
    [InlineData(60, 1)]
    public async Task Only_a_session_that_held_for_a_minute_starts_the_pauses_anew(int heldSeconds, int pauseSeconds)
    {
        Start("a");
        for (int i = 1; i <= 2; i++)
        {
            (await NextAsync()).Result.SetException(new TimeoutException());
            await _clock.ArmedAsync(1);
            _clock.Advance(TimeSpan.FromSeconds(i));
        }

        FakeSession session = new();
        (await NextAsync()).Result.SetResult(session);
        await session.Started.Task.WaitAsync(Patience);
        _clock.Advance(TimeSpan.FromSeconds(heldSeconds));
        session.End();
        await _clock.ArmedAsync(1);
        _clock.Advance(TimeSpan.FromSeconds(pauseSeconds) - TimeSpan.FromMilliseconds(1));
        Assert.False(_attempts.Reader.TryPeek(out _));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await NextAsync();
    }

    [Fact]
    public async Task A_wish_to_reconnect_ends_the_pause()
    {
        Start("a");
        (await NextAsync()).Result.SetException(new TimeoutException());
        await _clock.ArmedAsync(1);
        _reconnect.Give();
        await NextAsync();
    }

    [Fact]
    public async Task A_wish_to_reconnect_ends_the_session_and_connects_at_once()
    {
        Start("a");
        FakeSession session = new();
        (await NextAsync()).Result.SetResult(session);
        await session.Started.Task.WaitAsync(Patience);
        _reconnect.Give();
        await NextAsync();
        Assert.True(session.IsClosed);
    }

    [Fact]
    public async Task The_primary_takes_over_only_after_the_fallback_has_let_go()
    {
        Start("primary", "fallback");
        (await NextAsync()).Result.SetException(new TimeoutException());
        FakeSession fallback = new();
        (await NextAsync()).Result.SetResult(fallback);
        await fallback.Started.Task.WaitAsync(Patience);
        await _clock.ArmedAsync(1);
        _clock.Advance(TimeSpan.FromMinutes(2));
        Attempt probe = await NextAsync();
        Assert.Equal("ws://primary/", probe.Server.ToString());
        Assert.False(fallback.IsReleased);

        FakeSession primary = new() { OnRun = () => Assert.True(fallback.IsReleased && fallback.IsClosed) };
        probe.Result.SetResult(primary);
        await primary.Started.Task.WaitAsync(Patience);
        Assert.False(primary.IsClosed);
    }

    [Fact]
    public async Task A_fallback_that_is_lost_while_the_primary_is_tried_costs_nothing_when_the_primary_takes_us()
    {
        Start("primary", "fallback");
        (await NextAsync()).Result.SetException(new TimeoutException());
        FakeSession fallback = new();
        (await NextAsync()).Result.SetResult(fallback);
        await _clock.ArmedAsync(1);
        _clock.Advance(TimeSpan.FromMinutes(2));
        Attempt probe = await NextAsync();
        fallback.End();
        FakeSession primary = new();
        probe.Result.SetResult(primary);
        await primary.Started.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_stop_closes_the_session_in_order()
    {
        Start("a");
        FakeSession session = new();
        (await NextAsync()).Result.SetResult(session);
        await session.Started.Task.WaitAsync(Patience);
        await _stop.CancelAsync();
        await _running.WaitAsync(Patience);
        Assert.True(session.IsClosed);
    }

    /// <summary>The supervisor waits for exactly so long; that passes.</summary>
    private async Task PausesAsync(TimeSpan pause)
    {
        await _clock.ArmedAsync(1);
        Assert.Equal(pause, _clock.NextDue);
        _clock.Advance(pause);
    }

    private void Start(params string[] servers)
    {
        List<ServerAddress> addresses = [];
        foreach (string server in servers)
        {
            Assert.True(ServerAddress.TryParse(server, out ServerAddress? address, out _));
            addresses.Add(address);
        }

        HealthDeadline health = new(_clock);
        Supervisor supervisor = new(
            new ConnectionPlan(addresses, TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(30)),
            Open,
            new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), new Always()),
            _reconnect,
            health,
            new AgentStatus(null),
            _clock,
            NullLogger.Instance);
        _running = supervisor.RunAsync(_stop.Token);
    }

    private async Task<IAgentSession> Open(ServerAddress server, CancellationToken cancellationToken)
    {
        Attempt attempt = new(server, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _attempts.Writer.TryWrite(attempt);
        FakeSession session = await attempt.Result.Task.WaitAsync(cancellationToken);
        session.Server = server;
        return session;
    }

    private async Task<Attempt> NextAsync() => await _attempts.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    private sealed record Attempt(ServerAddress Server, TaskCompletionSource<FakeSession> Result);

    private sealed class FakeSession : IAgentSession
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ServerAddress Server { get; set; } = null!;

        public Task HandoverWanted { get; init; } = new TaskCompletionSource().Task;

        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Action OnRun { get; init; } = () => { };

        public bool IsReleased { get; private set; }

        public bool IsClosed { get; private set; }

        public void End() => _ended.TrySetResult();

        public async Task<SshCloseReason> RunAsync(CancellationToken cancellationToken)
        {
            OnRun();
            Started.TrySetResult();
            try
            {
                await _ended.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                await CloseAsync();
            }

            return new SshCloseReason(SshDisconnectReason.None, "over", ByPeer: true);
        }

        public void Release() => IsReleased = true;

        public ValueTask CloseAsync()
        {
            IsClosed = true;
            End();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Always : Random
    {
        public override double NextDouble() => 1;
    }
}
