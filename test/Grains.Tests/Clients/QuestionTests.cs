using System.Threading.Channels;
using Orleans;
using Orleans.Runtime;
using RPort.Grains.Abstractions;
using RPort.Grains.Clients;
using RPort.Grains.Tests.Kit;
using RPort.Testing;

namespace RPort.Grains.Tests.Clients;

/// <summary>What is asked of a client's session through its grain.</summary>
public sealed class QuestionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly Channel<QuestionId> _heard = Channel.CreateUnbounded<QuestionId>();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_question_goes_to_the_session_and_its_answer_comes_back()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c") { OnQuestion = question => new AgentReplied(true, ((AskAgent)question).Payload) };
        await agent.ConnectAsync();

        SessionAnswer answer = await agent.Grain.AskAsync(new AskAgent(QuestionId.New(), Patience, "echo", "123")).Soon();

        Assert.Equal("123", Assert.IsType<AgentReplied>(answer).Payload);
    }

    [Fact]
    public async Task Every_kind_of_question_and_answer_survives_the_way()
    {
        TunnelSpec spec = new() { Name = "n", Protocol = TunnelProtocol.TcpAndUdp, LocalPort = 1, RemoteHost = "h", RemotePort = 2, Scheme = "ssh", Acl = "10.0.0.1", AutoClose = Patience, AuthPasswordHash = "x" };
        LiveTunnel live = new() { Tunnel = new TunnelRecord(new TunnelId(3), Pushes.Noon, spec), Open = true, BytesIn = long.MaxValue };
        List<SessionQuestion> heard = [];
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        var agent = new TestAgent(silo, "c")
        {
            OnQuestion = question =>
            {
                heard.Add(question);
                return question switch
                {
                    OpenTunnel open => new TunnelOpened(live with { Tunnel = live.Tunnel with { Spec = open.Spec } }),
                    ListTunnels => new TunnelList([live, live]),
                    CloseTunnel => new Refused(RefusalReason.TunnelInUse, "2"),
                    _ => new Done(),
                };
            },
        };
        await agent.ConnectAsync();
        SessionQuestion[] questions =
        [
            new OpenTunnel(QuestionId.New(), Patience, spec, true), new ListTunnels(QuestionId.New(), Patience),
            new CloseTunnel(QuestionId.New(), Patience, new TunnelId(3), true), new ChangeTunnelAcl(QuestionId.New(), Patience, new TunnelId(3), "::/0"),
        ];

        List<SessionAnswer> answers = [];
        foreach (SessionQuestion question in questions)
        {
            answers.Add(await agent.Grain.AskAsync(question).Soon());
        }

        Assert.Equal(questions, heard);
        Assert.Equal(live, ((TunnelOpened)answers[0]).Tunnel);
        Assert.Equal([live, live], ((TunnelList)answers[1]).Tunnels.AsEnumerable());
        Assert.Equal([new Refused(RefusalReason.TunnelInUse, "2"), new Done()], answers[2..]);
    }

    [Fact]
    public async Task Each_answer_goes_to_whom_asked_whatever_their_order()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = await ListenAsync(silo);
        (QuestionId first, Task<SessionAnswer> firstAnswer) = await AskAsync(agent);
        (QuestionId second, Task<SessionAnswer> secondAnswer) = await AskAsync(agent);

        await agent.Grain.AnswerAsync(agent.Fence, second, new Refused(RefusalReason.AgentFailed, "second"));
        await agent.Grain.AnswerAsync(agent.Fence, first, new Refused(RefusalReason.AgentFailed, "first"));
        await agent.Grain.AnswerAsync(agent.Fence, first, new Done()); // nobody waits for it any more

        Assert.Equal("first", ((Refused)await firstAnswer.Soon()).Detail);
        Assert.Equal("second", ((Refused)await secondAnswer.Soon()).Detail);
    }

    [Fact]
    public async Task Without_an_answer_in_time_the_question_is_given_up_and_a_late_answer_is_ignored()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = await ListenAsync(silo);
        (QuestionId question, Task<SessionAnswer> answer) = await AskAsync(agent);
        _time.Advance(Patience - TimeSpan.FromSeconds(1));
        await agent.Grain.GetAsync();
        Assert.False(answer.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(new Refused(RefusalReason.TimedOut), await answer.Soon());
        await agent.Grain.AnswerAsync(agent.Fence, question, new Done());
        agent.OnQuestion = _ => new Done();
        Assert.IsType<Done>(await agent.Grain.AskAsync(new ListTunnels(QuestionId.New(), Patience)).Soon());
    }

    [Fact]
    public async Task No_question_waits_longer_than_the_bound()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = await ListenAsync(silo);
        (_, Task<SessionAnswer> answer) = await AskAsync(agent, TimeSpan.FromHours(1));

        _time.Advance(ClientLimits.MaxQuestionTime);

        Assert.Equal(new Refused(RefusalReason.TimedOut), await answer.Soon());
    }

    [Fact]
    public async Task Without_a_session_the_answer_is_no()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        Assert.Equal(new Refused(RefusalReason.UnknownClient), await silo.Client("c").AskAsync(new ListTunnels(QuestionId.New(), Patience)).Soon());
        TestAgent agent = await ListenAsync(silo);
        await agent.Grain.DisconnectAsync(agent.Fence);

        Assert.Equal(new Refused(RefusalReason.NotConnected), await agent.Grain.AskAsync(new ListTunnels(QuestionId.New(), Patience)).Soon());
        Assert.False(_heard.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_new_activation_asks_the_session_before_its_next_heartbeat()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time, holdsGateway: false);
        TestAgent agent = await ListenAsync(silo);
        await ForgetAsync(silo, agent);
        agent.OnQuestion = _ => new Done();

        Assert.IsType<Done>(await agent.Grain.AskAsync(new ListTunnels(QuestionId.New(), Patience)).Soon());
    }

    [Fact]
    public async Task A_state_of_a_build_that_did_not_store_the_way_to_the_session_says_not_connected_until_it_connects_again()
    {
        await using (TestSilo silo = await TestSilo.StartAsync(_folder, _time, holdsGateway: false))
        {
            await ListenAsync(silo);
            await silo.KillAsync();
            silo.Storage.Fails = false;
        }

        await using TestSilo again = await TestSilo.StartAsync(_folder, _time, holdsGateway: false);
        GrainState<ClientState> stored = new(new ClientState());
        await again.Storage.ReadStateAsync("client", again.Client("c").GetGrainId(), stored);
        Assert.NotNull(stored.State!.Session!.Observer);
        stored.State = stored.State with { Session = stored.State.Session with { Observer = null } };
        await again.Storage.WriteStateAsync("client", again.Client("c").GetGrainId(), stored);

        Assert.Equal(new Refused(RefusalReason.NotConnected), await again.Client("c").AskAsync(new ListTunnels(QuestionId.New(), Patience)).Soon());
        TestAgent agent = await ListenAsync(again);
        agent.OnQuestion = _ => new Done();
        Assert.IsType<Done>(await agent.Grain.AskAsync(new ListTunnels(QuestionId.New(), Patience)).Soon());
    }

    [Fact]
    public async Task A_silo_that_stops_does_not_wait_for_a_machine_that_does_not_answer()
    {
        TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = await ListenAsync(silo);
        (_, Task<SessionAnswer> answer) = await AskAsync(agent);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();

        await silo.DisposeAsync();

        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start), TimeSpan.Zero, SiloRun.Grace + TimeSpan.FromSeconds(10));
        await Task.WhenAny(answer);
    }

    /// <summary>A failed write makes the grain leave; the next call starts a new activation.</summary>
    private static async Task ForgetAsync(TestSilo silo, TestAgent agent)
    {
        silo.Storage.Fails = true;
        await Assert.ThrowsAnyAsync<Exception>(() => agent.Grain.UpdateInventoryAsync(agent.Fence, new ClientInventory()));
        silo.Storage.Fails = false;
    }

    [Fact]
    public async Task Only_so_many_questions_wait_for_a_session()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = await ListenAsync(silo);
        List<(QuestionId Question, Task<SessionAnswer> Answer)> open = [];
        for (int i = 0; i < ClientLimits.MaxOpenQuestions; i++)
        {
            open.Add(await AskAsync(agent));
        }

        Assert.Equal(new Refused(RefusalReason.Busy), await agent.Grain.AskAsync(new ListTunnels(QuestionId.New(), Patience)).Soon());

        await agent.Grain.AnswerAsync(agent.Fence, open[0].Question, new Done());
        Assert.IsType<Done>(await open[0].Answer.Soon());
        (_, Task<SessionAnswer> next) = await AskAsync(agent); // there is room again
        _time.Advance(Patience);
        Assert.All(await Task.WhenAll([next, .. open.Skip(1).Select(o => o.Answer)]).Soon(), answer => Assert.Equal(new Refused(RefusalReason.TimedOut), answer));
    }

    [Fact]
    public async Task Questions_end_with_the_session_they_were_asked_of()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = await ListenAsync(silo);
        (_, Task<SessionAnswer> first) = await AskAsync(agent);

        await agent.Grain.DisconnectAsync(agent.Fence);

        Assert.Equal(new Refused(RefusalReason.NotConnected), await first.Soon());
    }

    [Fact]
    public async Task A_newer_session_ends_the_questions_of_the_older_one_which_can_no_longer_answer()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent old = await ListenAsync(silo);
        (_, Task<SessionAnswer> lost) = await AskAsync(old);
        TestAgent next = await ListenAsync(silo);
        Assert.Equal(new Refused(RefusalReason.NotConnected), await lost.Soon());

        (QuestionId question, Task<SessionAnswer> answer) = await AskAsync(next);
        await old.Grain.AnswerAsync(old.Fence, question, new Refused(RefusalReason.AgentFailed, "from the older one"));
        await next.Grain.AnswerAsync(next.Fence, question, new Done());

        Assert.IsType<Done>(await answer.Soon());
    }

    [Fact]
    public async Task Connecting_the_same_session_again_keeps_its_questions()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = await ListenAsync(silo);
        (QuestionId question, Task<SessionAnswer> answer) = await AskAsync(agent);

        await agent.ConnectAsync();
        await agent.Grain.AnswerAsync(agent.Fence, question, new Done());

        Assert.IsType<Done>(await answer.Soon());
    }

    [Fact]
    public async Task A_grain_that_starts_anew_after_a_failed_write_keeps_nobody_waiting()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = await ListenAsync(silo);
        (_, Task<SessionAnswer> answer) = await AskAsync(agent);

        silo.Storage.Fails = true;
        await Assert.ThrowsAnyAsync<Exception>(() => agent.Grain.AddTunnelAsync(agent.Fence, new TunnelSpec { RemotePort = 22 }).Soon());
        silo.Storage.Fails = false;

        Assert.Equal(new Refused(RefusalReason.NotConnected), await answer.Soon());
        Assert.True((await agent.ConnectAsync().Soon()).Accepted);
    }

    [Fact]
    public async Task Everything_else_goes_on_while_a_question_is_open()
    {
        await using TestSilo silo = await TestSilo.StartAsync(_folder, _time);
        TestAgent agent = await ListenAsync(silo);
        (QuestionId question, Task<SessionAnswer> answer) = await AskAsync(agent);

        Assert.True((await agent.Grain.HeartbeatAsync(agent.Fence).Soon()).Current);
        Assert.NotNull(await agent.Grain.AddTunnelAsync(agent.Fence, new TunnelSpec { RemotePort = 22 }).Soon());
        UploadRequest push = Pushes.To("c");
        Assert.Equal(AssignOutcome.Delivered, await agent.Grain.AssignAsync(push.Order).Soon());

        Assert.False(answer.IsCompleted);
        await agent.Grain.AnswerAsync(agent.Fence, question, new Done());
        Assert.IsType<Done>(await answer.Soon());
    }

    /// <summary>A connected agent that hears questions and leaves them open.</summary>
    private async Task<TestAgent> ListenAsync(TestSilo silo)
    {
        var agent = new TestAgent(silo, "c")
        {
            OnQuestion = question =>
            {
                _heard.Writer.TryWrite(question.Id);
                return null;
            },
        };
        await agent.ConnectAsync();
        return agent;
    }

    /// <summary>Asks, and returns when the session has heard it and the grain waits.</summary>
    private async Task<(QuestionId Question, Task<SessionAnswer> Answer)> AskAsync(TestAgent agent, TimeSpan? patience = null)
    {
        QuestionId question = QuestionId.New();
        Task<SessionAnswer> answer = agent.Grain.AskAsync(new ListTunnels(question, patience ?? Patience));
        Assert.Equal(question, await _heard.Reader.ReadAsync().AsTask().Soon());
        await agent.Grain.GetAsync(); // a turn after the one that asked
        return (question, answer);
    }
}
