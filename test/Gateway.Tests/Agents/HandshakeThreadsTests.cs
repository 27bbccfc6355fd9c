using Microsoft.Extensions.Options;
using RPort.Gateway.Agents;
using RPort.Gateway.Agents.Admission;

namespace RPort.Gateway.Tests.Agents;

public sealed class HandshakeThreadsTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task As_many_work_at_the_same_time_as_there_are_threads(int count)
    {
        using HandshakeThreads threads = Create(count);
        using Barrier together = new(count);
        int most = 0;
        int working = 0;
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            await threads.Next;
            Interlocked.Exchange(ref most, Math.Max(Volatile.Read(ref most), Interlocked.Increment(ref working)));
            Assert.True(together.SignalAndWait(Soon)); // 12 is a multiple of both: nobody stands here alone
            Interlocked.Decrement(ref working);
            Assert.Equal("handshakes", Thread.CurrentThread.Name);
        })).WaitAsync(Soon * 2);
        Assert.InRange(most, 1, count);
    }

    [Fact]
    public async Task What_was_begun_comes_first_and_every_fourth_piece_is_a_newcomers()
    {
        using HandshakeThreads threads = Create(1);
        using ManualResetEventSlim go = new();
        TaskCompletionSource holding = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task holder = threads.BeginAsync(
            _ =>
            {
                holding.SetResult();
                Assert.True(go.Wait(Soon));
                return Task.CompletedTask;
            },
            null!);
        await holding.Task.WaitAsync(Soon);
        List<string> order = [];
        Task[] all =
        [
            holder,
            .. Enumerable.Range(0, 3).Select(n => threads.BeginAsync(_ => { order.Add($"new {n}"); return Task.CompletedTask; }, null!)),
            .. Enumerable.Range(0, 7).Select(GoOnAsync),
        ];
        go.Set();
        await Task.WhenAll(all).WaitAsync(Soon);
        Assert.Equal(["begun 0", "begun 1", "begun 2", "new 0", "begun 3", "begun 4", "begun 5", "new 1", "begun 6", "new 2"], order);

        async Task GoOnAsync(int n)
        {
            await threads.Next;
            order.Add($"begun {n}"); // one at a time
        }
    }

    [Fact]
    public async Task A_new_connection_keeps_no_thread_while_it_waits()
    {
        using HandshakeThreads threads = Create(1);
        TaskCompletionSource peer = new();
        Task connection = threads.BeginAsync(_ => peer.Task, null!);
        await threads.BeginAsync(_ => Task.CompletedTask, null!).WaitAsync(Soon);
        Assert.False(connection.IsCompleted);
        peer.SetResult();
        await connection.WaitAsync(Soon);
    }

    [Fact]
    public async Task A_connection_that_fails_ends_nothing_else()
    {
        using HandshakeThreads threads = Create(1);
        await Assert.ThrowsAsync<IOException>(() => threads.BeginAsync(_ => throw new IOException("gone"), null!).WaitAsync(Soon));
        await threads.BeginAsync(_ => Task.CompletedTask, null!).WaitAsync(Soon);
    }

    [Fact]
    public async Task After_the_end_handshakes_go_on_without_them()
    {
        HandshakeThreads threads = Create(1);
        threads.Dispose();
        await threads.BeginAsync(
            _ =>
            {
                Assert.True(Thread.CurrentThread.IsThreadPoolThread);
                return Task.CompletedTask;
            },
            null!).WaitAsync(Soon);
    }

    private static HandshakeThreads Create(int count) => new(Options.Create(new AgentDoorOptions { HandshakeThreads = count }));
}
