using System.Net;
using Microsoft.Extensions.Options;
using RPort.Gateway.Agents;
using RPort.Gateway.Agents.Admission;
using RPort.Testing;

namespace RPort.Gateway.Tests.Agents;

public sealed class AdmissionTests
{
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Two = IPAddress.Parse("192.0.2.2");
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_slot_is_given_at_once_while_there_is_one()
    {
        HandshakeAdmission admission = Create(slots: 2, perAddress: 2);
        using HandshakeSlot? first = await admission.EnterAsync(One, default);
        using HandshakeSlot? second = await admission.EnterAsync(One, default);
        Assert.NotNull(first);
        Assert.NotNull(second);
        Assert.Equal(2, admission.Active);
    }

    [Fact]
    public async Task A_newcomer_waits_for_the_next_free_slot()
    {
        HandshakeAdmission admission = Create(slots: 1, perAddress: 1);
        HandshakeSlot first = (await admission.EnterAsync(One, default))!;
        Task<HandshakeSlot?> newcomer = admission.EnterAsync(Two, default).AsTask();
        Assert.False(newcomer.IsCompleted);
        first.Dispose();
        using HandshakeSlot? second = await newcomer.WaitAsync(Soon);
        Assert.NotNull(second);
        Assert.False(second.Token.IsCancellationRequested);
        Assert.Equal(1, admission.Active);
    }

    [Fact]
    public async Task A_stalled_handshake_is_cut_for_a_newcomer_after_its_grace()
    {
        HandshakeAdmission admission = Create(slots: 1, perAddress: 1, grace: TimeSpan.FromMilliseconds(100));
        HandshakeSlot stalled = (await admission.EnterAsync(One, default))!;
        stalled.Token.Register(stalled.Dispose);
        using HandshakeSlot? newcomer = await admission.EnterAsync(Two, default).AsTask().WaitAsync(Soon);
        Assert.True(stalled.Token.IsCancellationRequested);
        Assert.NotNull(newcomer);
    }

    [Fact]
    public async Task A_slow_handshake_that_goes_on_is_not_cut_however_long_it_takes()
    {
        ManualTime clock = new();
        HandshakeAdmission admission = Create(slots: 1, perAddress: 1, grace: TimeSpan.FromSeconds(3), clock: clock);
        HandshakeSlot slow = (await admission.EnterAsync(One, default))!;
        using CancellationTokenSource gone = new();
        List<Task<HandshakeSlot?>> newcomers = [];
        for (int step = 0; step < 6; step++)
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            newcomers.Add(admission.EnterAsync(Two, gone.Token).AsTask());
            slow.Progress();
        }

        Assert.False(slow.Token.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(4)); // it has stalled now
        newcomers.Add(admission.EnterAsync(Two, gone.Token).AsTask());
        Assert.True(slow.Token.IsCancellationRequested);
        slow.Dispose();
        using HandshakeSlot? next = await newcomers[0].WaitAsync(Soon);
        await gone.CancelAsync();
        await Task.WhenAll(newcomers).WaitAsync(Soon);
        slow.Progress(); // late, of one that has left
        Assert.Equal(1, admission.Active);
    }

    [Fact]
    public async Task Who_has_stalled_longest_is_cut_and_not_who_came_first()
    {
        ManualTime clock = new();
        HandshakeAdmission admission = Create(slots: 2, perAddress: 2, grace: TimeSpan.FromSeconds(3), clock: clock);
        using HandshakeSlot? first = await admission.EnterAsync(One, default);
        using HandshakeSlot? second = await admission.EnterAsync(One, default);
        clock.Advance(TimeSpan.FromSeconds(1));
        first!.Progress();
        clock.Advance(TimeSpan.FromSeconds(4));
        using CancellationTokenSource gone = new();
        Task<HandshakeSlot?> newcomer = admission.EnterAsync(One, gone.Token).AsTask();
        Assert.True(second!.Token.IsCancellationRequested);
        Assert.False(first.Token.IsCancellationRequested);
        await gone.CancelAsync();
        Assert.Null(await newcomer.WaitAsync(Soon));
    }

    [Fact]
    public async Task Who_waits_for_us_is_not_cut_for_it()
    {
        ManualTime clock = new();
        HandshakeAdmission admission = Create(slots: 2, perAddress: 2, grace: TimeSpan.FromSeconds(3), clock: clock);
        using HandshakeSlot? waitsForUs = await admission.EnterAsync(One, default);
        using HandshakeSlot? silent = await admission.EnterAsync(One, default);
        waitsForUs!.Arrived();
        clock.Advance(TimeSpan.FromSeconds(4));
        using CancellationTokenSource gone = new();
        Task<HandshakeSlot?>[] newcomers = [admission.EnterAsync(One, gone.Token).AsTask(), admission.EnterAsync(One, gone.Token).AsTask()];
        Assert.True(silent!.Token.IsCancellationRequested);
        Assert.False(waitsForUs.Token.IsCancellationRequested);

        waitsForUs.Progress(); // it is the peer's turn again
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.True(waitsForUs.Token.IsCancellationRequested);
        await gone.CancelAsync();
        await Task.WhenAll(newcomers).WaitAsync(Soon);
    }

    [Fact]
    public async Task Nothing_is_cut_while_there_is_room()
    {
        HandshakeAdmission admission = Create(slots: 2, perAddress: 2, grace: TimeSpan.FromMilliseconds(1));
        using HandshakeSlot? first = await admission.EnterAsync(One, default);
        using HandshakeSlot? second = await admission.EnterAsync(One, default);
        Assert.False(first!.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task One_address_cannot_take_every_slot()
    {
        HandshakeAdmission admission = Create(slots: 3, perAddress: 2, queueTime: TimeSpan.FromMilliseconds(300));
        using HandshakeSlot? first = await admission.EnterAsync(One, default);
        using HandshakeSlot? second = await admission.EnterAsync(One, default);
        Assert.Null(await admission.EnterAsync(One, default).AsTask().WaitAsync(Soon));
        using HandshakeSlot? other = await admission.EnterAsync(Two, default);
        Assert.NotNull(other);
    }

    [Fact]
    public async Task The_oldest_of_the_address_with_the_most_slots_is_cut_first()
    {
        HandshakeAdmission admission = Create(slots: 3, perAddress: 3, grace: TimeSpan.FromMilliseconds(50));
        using HandshakeSlot? single = await admission.EnterAsync(Two, default);
        HandshakeSlot oldest = (await admission.EnterAsync(One, default))!;
        using HandshakeSlot? younger = await admission.EnterAsync(One, default);
        oldest.Token.Register(oldest.Dispose);
        using HandshakeSlot? newcomer = await admission.EnterAsync(IPAddress.Loopback, default).AsTask().WaitAsync(Soon);
        Assert.NotNull(newcomer);
        Assert.True(oldest.Token.IsCancellationRequested);
        Assert.False(single!.Token.IsCancellationRequested);
        Assert.False(younger!.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task The_line_has_an_end()
    {
        HandshakeAdmission admission = Create(slots: 1, perAddress: 1, waiting: 1);
        using HandshakeSlot? first = await admission.EnterAsync(One, default);
        using CancellationTokenSource gone = new();
        Task<HandshakeSlot?> waiting = admission.EnterAsync(Two, gone.Token).AsTask();
        Assert.Null(await admission.EnterAsync(Two, default));
        await gone.CancelAsync();
        Assert.Null(await waiting.WaitAsync(Soon));
    }

    [Fact]
    public async Task A_waiting_peer_that_went_away_takes_no_slot()
    {
        HandshakeAdmission admission = Create(slots: 1, perAddress: 1);
        HandshakeSlot first = (await admission.EnterAsync(One, default))!;
        using CancellationTokenSource gone = new();
        Task<HandshakeSlot?> waiting = admission.EnterAsync(Two, gone.Token).AsTask();
        await gone.CancelAsync();
        await waiting.WaitAsync(Soon);
        first.Dispose();
        Assert.Equal(0, admission.Active);
    }

    [Fact]
    public async Task Every_slot_has_a_deadline()
    {
        HandshakeAdmission admission = Create(slots: 1, perAddress: 1, timeout: TimeSpan.FromMilliseconds(50));
        using HandshakeSlot? slot = await admission.EnterAsync(One, default);
        TaskCompletionSource ended = new();
        using CancellationTokenRegistration registration = slot!.Token.Register(ended.SetResult);
        await ended.Task.WaitAsync(Soon);
    }

    [Fact]
    public async Task A_crowd_over_many_addresses_gets_through_and_leaves_nothing_behind()
    {
        HandshakeAdmission admission = Create(slots: 8, perAddress: 3);
        int served = 0;
        await Task.WhenAll(Enumerable.Range(0, 500).Select(async n =>
        {
            await Task.Yield();
            using HandshakeSlot? slot = await admission.EnterAsync(new IPAddress([192, 0, 2, (byte)(n % 7)]), default);
            Assert.NotNull(slot);
            Assert.InRange(admission.Active, 1, 8);
            await Task.Yield();
            Interlocked.Increment(ref served);
        })).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(500, served);
        Assert.Equal(0, admission.Active);
    }

    private static HandshakeAdmission Create(
        int slots, int perAddress, int waiting = 1000, TimeSpan? grace = null, TimeSpan? queueTime = null, TimeSpan? timeout = null, TimeProvider? clock = null) =>
        new(Options.Create(new AgentDoorOptions
        {
            MaxConcurrentHandshakes = slots,
            MaxHandshakesPerAddress = perAddress,
            MaxWaitingHandshakes = waiting,
            HandshakeGrace = grace ?? TimeSpan.FromMinutes(1),
            HandshakeQueueTime = queueTime ?? TimeSpan.FromMinutes(1),
            HandshakeTimeout = timeout ?? TimeSpan.FromMinutes(1),
        }), clock ?? TimeProvider.System);
}
