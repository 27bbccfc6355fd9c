using System.Text;
using RPort.Ssh.Connection;
using RPort.Testing;

namespace RPort.Ssh.Tests;

public sealed class ChannelTests
{
    [Fact]
    public async Task EOF_ends_one_direction_and_the_other_goes_on()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        (SshChannel near, SshChannel far) = await pair.OpenAsync();
        await near.WriteAsync("question"u8.ToArray());
        await near.SendEofAsync();
        Assert.Equal("question", Encoding.ASCII.GetString(await Drain.ToEndAsync(far).WaitAsync(SessionPair.Patience)));

        await far.WriteAsync("answer"u8.ToArray());
        await far.SendEofAsync();
        Assert.Equal("answer", Encoding.ASCII.GetString(await Drain.ToEndAsync(near).WaitAsync(SessionPair.Patience)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => near.WriteAsync(new byte[1]).AsTask());
        Assert.False(near.Closed.IsCompleted);

        await far.CloseAsync();
        await near.Closed.WaitAsync(SessionPair.Patience);
    }

    [Fact]
    public async Task Data_sent_before_CLOSE_can_be_read_after_it()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        (SshChannel near, SshChannel far) = await pair.OpenAsync();
        await far.WriteAsync(new byte[100_000]);
        await far.CloseAsync();
        await near.Closed.WaitAsync(SessionPair.Patience);
        Assert.Equal(100_000, (await Drain.ToEndAsync(near)).Length);
        await Assert.ThrowsAsync<SshChannelClosedException>(() => near.WriteAsync(new byte[1]).AsTask());
    }

    [Fact]
    public async Task A_stream_cut_by_the_connection_is_never_taken_for_one_that_ended()
    {
        SessionPair pair = await SessionPair.CreateAsync();
        (SshChannel near, SshChannel far) = await pair.OpenAsync();
        await far.WriteAsync(new byte[1000]);
        byte[] buffer = new byte[600];
        Assert.Equal(600, await near.ReadAsync(buffer).AsTask().WaitAsync(SessionPair.Patience));
        await pair.Server.CloseAsync(SshDisconnectReason.ByApplication, "enough");
        SshCloseReason reason = await pair.Client.Completion.WaitAsync(SessionPair.Patience);
        Assert.True(reason.ByPeer);
        Assert.Contains("enough", reason.Message, StringComparison.Ordinal);

        Assert.Equal(400, await near.ReadAsync(buffer));
        SshConnectionClosedException error = await Assert.ThrowsAsync<SshConnectionClosedException>(() => near.ReadAsync(buffer).AsTask());
        Assert.Same(reason, error.Reason);
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => near.WriteAsync(buffer).AsTask());
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => pair.Client.OpenChannelAsync("session", default).AsTask());
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => pair.Client.RequestAsync("x", default).AsTask());
    }

    [Fact]
    public async Task Channel_requests_are_answered_in_order_and_an_exit_status_comes_before_the_close()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        (SshChannel near, SshChannel far) = await pair.OpenAsync(requests: static (request, _) => request.Type switch
        {
            "subsystem" => ValueTask.FromResult(Encoding.ASCII.GetString(request.Payload.Span) == "sftp"),
            "throws" => throw new InvalidOperationException("handler"),
            _ => ValueTask.FromResult(false),
        });
        uint? status = null;
        near.RequestHandler = (request, _) =>
        {
            status = request.Type == "exit-status" && !request.WantsReply ? request.Payload.Span[3] : null;
            return ValueTask.FromResult(false);
        };
        Task<bool>[] replies =
        [
            near.RequestAsync("subsystem", "sftp"u8.ToArray()).AsTask(),
            near.RequestAsync("throws", default).AsTask(),
            near.RequestAsync("subsystem", "other"u8.ToArray()).AsTask(),
            near.RequestAsync("subsystem", "sftp"u8.ToArray()).AsTask(),
        ];
        bool[] answers = await Task.WhenAll(replies).WaitAsync(SessionPair.Patience);
        Assert.Equal([true, false, false, true], answers);

        await far.SendExitStatusAsync(42);
        await far.CloseAsync();
        await near.Closed.WaitAsync(SessionPair.Patience);
        Assert.Equal(42u, status);
    }

    [Fact]
    public async Task A_close_by_the_peer_fails_requests_that_wait()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource never = new();
        (SshChannel near, SshChannel far) = await pair.OpenAsync(requests: async (_, cancellationToken) =>
        {
            asked.SetResult();
            await never.Task.WaitAsync(cancellationToken);
            return true;
        });
        Task<bool> request = near.RequestAsync("shell", default).AsTask();
        await asked.Task.WaitAsync(SessionPair.Patience);
        await far.CloseAsync();
        await Assert.ThrowsAsync<SshChannelClosedException>(() => request.WaitAsync(SessionPair.Patience));
    }

    [Fact]
    public async Task Extended_data_is_kept_on_demand_and_otherwise_costs_no_window()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        (SshChannel near, SshChannel far) = await pair.OpenAsync();
        near.KeepExtendedData = true;
        await near.WriteAsync(new byte[1]);
        await far.ReadAsync(new byte[1]);
        await far.WriteExtendedAsync(1, "to stderr"u8.ToArray());
        byte[] buffer = new byte[100];
        int read = await near.ReadExtendedAsync(buffer).AsTask().WaitAsync(SessionPair.Patience);
        Assert.Equal("to stderr", Encoding.ASCII.GetString(buffer, 0, read));

        near.KeepExtendedData = false;
        byte[] chunk = new byte[1024 * 1024];
        for (int i = 0; i < 8; i++)
        {
            await far.WriteExtendedAsync(1, chunk).AsTask().WaitAsync(SessionPair.Patience); // four windows, and nobody reads
        }
    }

    [Fact]
    public async Task A_refused_channel_is_an_exception_with_the_peers_reason()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        pair.ServerHandler.OnOpen = static _ => SshChannelVerdict.Reject(SshChannelOpenFailure.AdministrativelyProhibited, "not for you");
        SshChannelOpenException error = await Assert.ThrowsAsync<SshChannelOpenException>(
            () => pair.Client.OpenChannelAsync("direct-tcpip", default).AsTask().WaitAsync(SessionPair.Patience));
        Assert.Equal(SshChannelOpenFailure.AdministrativelyProhibited, error.Reason);
        Assert.Contains("not for you", error.Message, StringComparison.Ordinal);

        pair.ServerHandler.OnOpen = static _ => throw new InvalidOperationException("handler");
        error = await Assert.ThrowsAsync<SshChannelOpenException>(
            () => pair.Client.OpenChannelAsync("direct-tcpip", default).AsTask().WaitAsync(SessionPair.Patience));
        Assert.Equal(SshChannelOpenFailure.ConnectFailed, error.Reason);
    }

    [Fact]
    public async Task A_channel_is_closed_when_the_function_that_serves_it_returns_or_throws()
    {
        List<Exception> failures = [];
        SshServerOptions options = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            HandlerFailed = failures.Add,
        };
        await using SessionPair pair = await SessionPair.CreateAsync(serverOptions: options);
        pair.ServerHandler.OnOpen = static open => SshChannelVerdict.Accept(async (channel, cancellationToken) =>
        {
            await channel.WriteAsync("hello"u8.ToArray(), cancellationToken);
            if (open.Type == "bad")
            {
                throw new InvalidDataException("broken");
            }
        });
        foreach (string type in (string[])["good", "bad"])
        {
            SshChannel channel = await pair.Client.OpenChannelAsync(type, default).AsTask().WaitAsync(SessionPair.Patience);
            Assert.Equal(5, (await Drain.ToEndAsync(channel).WaitAsync(SessionPair.Patience)).Length);
            await channel.Closed.WaitAsync(SessionPair.Patience);
        }

        Assert.IsType<InvalidDataException>(Assert.Single(failures));
    }

    [Fact]
    public async Task A_cancelled_read_loses_nothing_and_a_cancelled_write_frees_its_memory()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        (SshChannel near, SshChannel far) = await pair.OpenAsync();
        using CancellationTokenSource stop = new();
        Task<int> read = near.ReadAsync(new byte[10], stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(SessionPair.Patience));
        await far.WriteAsync("after"u8.ToArray());
        Assert.Equal(5, await near.ReadAsync(new byte[10]).AsTask().WaitAsync(SessionPair.Patience));

        using CancellationTokenSource stopWrite = new();
        Task write = near.WriteAsync(new byte[8 * 1024 * 1024], stopWrite.Token).AsTask(); // four windows, and nobody reads
        await stopWrite.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WaitAsync(SessionPair.Patience));
    }

    [Fact]
    public async Task A_writer_waits_at_the_window_and_what_was_not_read_is_bounded_by_it()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        (SshChannel near, SshChannel far) = await pair.OpenAsync();
        long before = pair.Client.BytesSent;
        Task write = near.WriteAsync(new byte[10 * 1024 * 1024]).AsTask();

        // A second channel still works: the first one's writer holds nobody up.
        (SshChannel near2, SshChannel far2) = await pair.OpenAsync();
        await near2.WriteAsync("through"u8.ToArray());
        Assert.Equal(7, await far2.ReadAsync(new byte[10]).AsTask().WaitAsync(SessionPair.Patience));
        Assert.False(write.IsCompleted);
        Assert.InRange(pair.Client.BytesSent - before, 0, SessionPair.ServerOptions.InitialWindowBytes + 100_000);

        Task<byte[]> all = Drain.ToEndAsync(far);
        await write.WaitAsync(SessionPair.Patience);
        await near.SendEofAsync();
        Assert.Equal(10 * 1024 * 1024, (await all.WaitAsync(SessionPair.Patience)).Length);
    }

    [Fact]
    public async Task Close_does_not_wait_for_a_writer_that_waits_for_the_window()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        (SshChannel near, _) = await pair.OpenAsync();
        Task write = near.WriteAsync(new byte[10 * 1024 * 1024]).AsTask();
        await near.CloseAsync();
        await Assert.ThrowsAsync<SshChannelClosedException>(() => write.WaitAsync(SessionPair.Patience));
        await near.Closed.WaitAsync(SessionPair.Patience);
    }

    [Fact]
    public async Task Many_channels_share_a_connection_and_their_numbers_are_used_again()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        pair.ServerHandler.OnOpen = static _ => SshChannelVerdict.Accept(static async (channel, cancellationToken) =>
        {
            byte[] buffer = new byte[5000];
            int read;
            while ((read = await channel.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await channel.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        });
        for (int round = 0; round < 3; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
            {
                SshChannel channel = await pair.Client.OpenChannelAsync("echo", default);
                Assert.InRange(channel.Number, 0u, 250u);
                byte[] sent = new byte[i * 97];
                new Random(i).NextBytes(sent);
                await channel.WriteAsync(sent);
                await channel.SendEofAsync();
                Assert.Equal(sent, await Drain.ToEndAsync(channel));
                await channel.CloseAsync();
                await channel.Closed;
            })).WaitAsync(SessionPair.Patience);
        }
    }

    [Fact]
    public async Task The_stream_of_a_channel_reads_writes_and_closes_it()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        (SshChannel near, SshChannel far) = await pair.OpenAsync();
        await using (Stream stream = near.AsStream())
        {
            await stream.WriteAsync("abc"u8.ToArray());
            await far.WriteAsync("def"u8.ToArray());
            byte[] buffer = new byte[3];
            await stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(SessionPair.Patience);
            Assert.Equal("def", Encoding.ASCII.GetString(buffer));
        }

        await far.Closed.WaitAsync(SessionPair.Patience);
        Assert.Equal("abc", Encoding.ASCII.GetString(await Drain.ToEndAsync(far)));
    }

    [Fact]
    public async Task Continuations_on_the_loops_themselves_work_under_load()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        pair.ServerHandler.OnOpen = static _ => SshChannelVerdict.Accept(static async (channel, cancellationToken) =>
        {
            channel.InlineContinuations = true;
            byte[] buffer = new byte[20_000];
            int read;
            while ((read = await channel.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await channel.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            await channel.SendEofAsync(cancellationToken);
        });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            SshChannel channel = await pair.Client.OpenChannelAsync("echo", default);
            byte[] sent = new byte[3_000_000 + i];
            new Random(i).NextBytes(sent);
            Task<byte[]> received = Drain.ToEndAsync(channel);
            await channel.WriteAsync(sent);
            await channel.SendEofAsync();
            Assert.Equal(sent, await received);
        })).WaitAsync(SessionPair.Patience);
    }

    [Fact]
    public void A_window_gives_back_halves_and_grows_only_for_a_reader_that_keeps_up()
    {
        ReceiveBudget budget = new(100_000_000);
        ReceiveWindow window = new(budget, 1000, 4000);
        Assert.True(window.TryReceive(1000));
        Assert.False(window.TryReceive(1));
        Assert.Equal(0u, window.Read(400, 600_000));
        Assert.Equal(500u, window.Read(100, 500_000)); // half, and no growth: the reader lags
        Assert.Equal(500, window.Left);
        Assert.Equal(500u + 1000u, window.Read(500, 0)); // a whole window was read and nothing waits: doubled
        Assert.Equal(2000, window.Size);
        Assert.Equal(2000, window.Left);
    }

    [Fact]
    public void The_budget_bounds_all_windows_together_and_leaves_each_channel_a_floor()
    {
        ReceiveBudget budget = new(3_000_000);
        Assert.Equal(2_000_000, budget.TakeInitial(2_000_000));
        Assert.Equal(ReceiveBudget.FloorBytes, budget.TakeInitial(2_000_000));
        Assert.Equal(0, budget.TakeMore(2_000_000));
        budget.Return(2_000_000);
        Assert.Equal(2_000_000, budget.TakeMore(2_000_000));
    }
}
