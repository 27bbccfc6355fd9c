using System.Net;
using Microsoft.Extensions.Options;
using RPort.Gateway.Agents;
using RPort.Gateway.Agents.Admission;

namespace RPort.Gateway.Tests.Agents;

public sealed class HandshakeTurnsTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task As_many_work_at_the_same_time_as_there_are_turns()
    {
        HandshakeTurns turns = Create(2);
        await turns.TakeAsync(begun: true);
        await turns.TakeAsync(begun: false);
        Task third = turns.TakeAsync(begun: true).AsTask();
        Assert.False(third.IsCompleted);
        turns.Release();
        await third.WaitAsync(Soon);
        turns.Release();
        turns.Release();
        await turns.TakeAsync(begun: false).AsTask().WaitAsync(Soon);
        await turns.TakeAsync(begun: false).AsTask().WaitAsync(Soon);
        Assert.False(turns.TakeAsync(begun: false).IsCompleted);
    }

    [Fact]
    public async Task A_turn_is_never_used_on_the_thread_that_asked()
    {
        HandshakeTurns turns = Create(1);
        TaskCompletionSource<bool> onPool = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread asker = new(() => _ = WorkAsync());
        asker.Start();
        Assert.True(await onPool.Task.WaitAsync(Soon));

        async Task WorkAsync()
        {
            await turns.TakeAsync(begun: true);
            onPool.SetResult(Thread.CurrentThread.IsThreadPoolThread);
        }
    }

    [Fact]
    public async Task What_was_begun_comes_first_and_every_fourth_turn_is_a_newcomers()
    {
        HandshakeTurns turns = Create(1);
        await turns.TakeAsync(begun: true);
        List<string> order = [];
        Task[] all =
        [
            .. Enumerable.Range(0, 3).Select(n => WorkAsync(begun: false, $"new {n}")),
            .. Enumerable.Range(0, 7).Select(n => WorkAsync(begun: true, $"begun {n}")),
        ];
        turns.Release();
        await Task.WhenAll(all).WaitAsync(Soon);
        Assert.Equal(["begun 0", "begun 1", "begun 2", "new 0", "begun 3", "begun 4", "begun 5", "new 1", "begun 6", "new 2"], order);

        async Task WorkAsync(bool begun, string name)
        {
            await turns.TakeAsync(begun);
            order.Add(name); // one at a time
            turns.Release();
        }
    }

    [Fact]
    public async Task A_new_connection_holds_its_turn_up_to_its_first_wait()
    {
        HandshakeTurns turns = Create(1);
        TaskCompletionSource peer = new();
        Task connection = turns.BeginAsync(_ => peer.Task, null!);
        await turns.TakeAsync(begun: false).AsTask().WaitAsync(Soon);
        turns.Release();
        Assert.False(connection.IsCompleted);
        peer.SetResult();
        await connection.WaitAsync(Soon);
    }

    [Fact]
    public async Task A_new_connection_that_fails_gives_its_turn_back()
    {
        HandshakeTurns turns = Create(1);
        await Assert.ThrowsAsync<IOException>(() => turns.BeginAsync(_ => throw new IOException("gone"), null!));
        await turns.TakeAsync(begun: false).AsTask().WaitAsync(Soon);
    }

    [Fact]
    public async Task A_handshake_has_its_turn_from_the_arrival_of_bytes_to_the_next_wait()
    {
        HandshakeTurns turns = Create(1);
        using HandshakeSlot slot = await SlotAsync();
        using HandshakePace pace = new(turns, slot);
        pace.Waiting();
        await pace.ArrivedAsync();
        Task other = turns.TakeAsync(begun: true).AsTask();
        Assert.False(other.IsCompleted);
        pace.Waiting();
        await other.WaitAsync(Soon);
    }

    [Fact]
    public async Task The_end_of_a_handshake_gives_its_turn_back_once_whenever_it_comes()
    {
        HandshakeTurns turns = Create(1);
        using HandshakeSlot slot = await SlotAsync();
        HandshakePace working = new(turns, slot);
        await working.ArrivedAsync();
        HandshakePace waiting = new(turns, slot);
        Task arrived = waiting.ArrivedAsync().AsTask();
        waiting.Dispose(); // before its turn came
        working.Dispose();
        working.Dispose();
        await arrived.WaitAsync(Soon);
        await turns.TakeAsync(begun: true).AsTask().WaitAsync(Soon);
        Assert.False(turns.TakeAsync(begun: true).IsCompleted);
    }

    private static async Task<HandshakeSlot> SlotAsync() =>
        (await new HandshakeAdmission(Options.Create(new AgentDoorOptions()), TimeProvider.System).EnterAsync(IPAddress.Loopback, default))!;

    private static HandshakeTurns Create(int processors) => new(Options.Create(new AgentDoorOptions { HandshakeProcessors = processors }));
}
