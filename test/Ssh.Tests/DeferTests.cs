namespace RPort.Ssh.Tests;

/// <summary>Verdicts and replies that are put off hold nothing up, and end with the connection.</summary>
public sealed class DeferTests
{
    [Fact]
    public async Task A_verdict_that_takes_long_holds_up_neither_a_later_open_nor_a_request()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        TaskCompletionSource<SshChannelVerdict> slow = NewSource<SshChannelVerdict>();
        pair.ServerHandler.OnOpen = open => open.Type == "slow" ? SshChannelVerdict.Defer(_ => slow.Task) : Accept();
        pair.ServerHandler.OnRequest = static _ => ValueTask.FromResult(SshReply.Ok());

        Task<SshChannel> first = pair.Client.OpenChannelAsync("slow", default).AsTask();
        await pair.Client.OpenChannelAsync("quick", default).AsTask().WaitAsync(SessionPair.Patience);
        Assert.True((await pair.Client.RequestAsync("ping", default).AsTask().WaitAsync(SessionPair.Patience)).Success);
        Assert.False(first.IsCompleted);

        slow.SetResult(Accept());
        SshChannel channel = await first.WaitAsync(SessionPair.Patience);
        await channel.WriteAsync(new byte[1]);
    }

    [Fact]
    public async Task A_refusal_that_was_put_off_arrives_with_reason_and_text()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        pair.ServerHandler.OnOpen = static _ => SshChannelVerdict.Defer(static async _ =>
        {
            await Task.Yield();
            return SshChannelVerdict.Reject(SshChannelOpenFailure.ConnectFailed, "connection refused");
        });
        SshChannelOpenException refusal = await Assert.ThrowsAsync<SshChannelOpenException>(() => pair.Client.OpenChannelAsync("x", default).AsTask());
        Assert.Equal(SshChannelOpenFailure.ConnectFailed, refusal.Reason);
        Assert.Contains("connection refused", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exception_and_a_verdict_put_off_twice_are_refusals(bool twice)
    {
        List<Exception> failures = [];
        await using SessionPair pair = await SessionPair.CreateAsync(serverOptions: Reporting(failures));
        pair.ServerHandler.OnOpen = _ => SshChannelVerdict.Defer(_ => twice
            ? Task.FromResult(SshChannelVerdict.Defer(static _ => Task.FromResult(Accept())))
            : throw new InvalidOperationException("decide"));
        await Assert.ThrowsAsync<SshChannelOpenException>(() => pair.Client.OpenChannelAsync("x", default).AsTask().WaitAsync(SessionPair.Patience));
        Assert.Equal(twice ? [] : ["decide"], failures.Select(failure => failure.Message));

        pair.ServerHandler.OnOpen = static _ => Accept();
        await pair.Client.OpenChannelAsync("x", default).AsTask().WaitAsync(SessionPair.Patience);
    }

    [Fact]
    public async Task Opens_that_wait_for_a_verdict_are_bounded()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(serverOptions: new SshServerOptions
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            MaxPendingOpens = 2,
        });
        TaskCompletionSource<SshChannelVerdict> slow = NewSource<SshChannelVerdict>();
        pair.ServerHandler.OnOpen = _ => SshChannelVerdict.Defer(token => slow.Task.WaitAsync(token));
        Task[] opens = [.. Enumerable.Range(0, 3).Select(_ => (Task)pair.Client.OpenChannelAsync("x", default).AsTask())];
        await pair.Server.Completion.WaitAsync(SessionPair.Patience);
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => opens[0].WaitAsync(SessionPair.Patience));
        await Task.WhenAll(opens).WaitAsync(SessionPair.Patience).ContinueWith(static _ => { });
        await pair.Server.WhenIdleAsync().WaitAsync(SessionPair.Patience);
    }

    [Fact]
    public async Task A_connection_that_ends_meanwhile_cancels_the_decision_and_waits_for_it()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        TaskCompletionSource asked = NewSource();
        TaskCompletionSource cancelled = NewSource();
        TaskCompletionSource<SshChannelVerdict> slow = NewSource<SshChannelVerdict>();
        pair.ServerHandler.OnOpen = _ => SshChannelVerdict.Defer(async token =>
        {
            await using CancellationTokenRegistration registration = token.Register(cancelled.SetResult);
            asked.SetResult();
            return await slow.Task; // heeds no token
        });
        Task open = pair.Client.OpenChannelAsync("x", default).AsTask();
        await asked.Task.WaitAsync(SessionPair.Patience);
        await pair.Client.CloseAsync(SshDisconnectReason.ByApplication, "enough");
        await cancelled.Task.WaitAsync(SessionPair.Patience);
        await pair.Server.Completion.WaitAsync(SessionPair.Patience);
        Task idle = pair.Server.WhenIdleAsync();
        Assert.False(idle.IsCompleted);

        using MemoryStream unused = new();
        slow.SetResult(SshChannelVerdict.Accept(static (_, _) => throw new InvalidOperationException("never called"), unused));
        await idle.WaitAsync(SessionPair.Patience);
        Assert.False(unused.CanRead);
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => open);
    }

    [Fact]
    public async Task What_a_channel_was_to_own_is_disposed_when_too_many_are_open()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(serverOptions: new SshServerOptions
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            MaxChannels = 1,
        });
        List<MemoryStream> owned = [];
        pair.ServerHandler.OnOpen = _ => SshChannelVerdict.Defer(_ =>
        {
            owned.Add(new MemoryStream());
            return Task.FromResult(SshChannelVerdict.Accept(static (channel, _) => channel.Closed, owned[^1]));
        });
        await pair.Client.OpenChannelAsync("x", default);
        SshChannelOpenException refusal = await Assert.ThrowsAsync<SshChannelOpenException>(() => pair.Client.OpenChannelAsync("x", default).AsTask());
        Assert.Equal(SshChannelOpenFailure.ResourceShortage, refusal.Reason);
        Assert.Equal([true, false], owned.Select(one => one.CanRead));
    }

    [Fact]
    public async Task Replies_that_are_put_off_leave_in_the_order_of_the_requests_and_hold_up_no_other_work()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        TaskCompletionSource<SshReply> slow = NewSource<SshReply>();
        TaskCompletionSource<SshReply> slower = NewSource<SshReply>();
        TaskCompletionSource quick = NewSource();
        TaskCompletionSource told = NewSource();
        pair.ServerHandler.OnRequest = request =>
        {
            switch (request.Name)
            {
                case "slow":
                    return ValueTask.FromResult(SshReply.Defer(_ => slow.Task));
                case "slower":
                    return ValueTask.FromResult(SshReply.Defer(_ => slower.Task));
                case "throws":
                    return ValueTask.FromResult(SshReply.Defer(static _ => throw new InvalidOperationException("answer")));
                case "tell":
                    told.SetResult();
                    break;
                default:
                    quick.TrySetResult();
                    break;
            }

            return ValueTask.FromResult(SshReply.Ok("quick"u8.ToArray()));
        };
        pair.ServerHandler.OnOpen = static _ => Accept();

        Task<SshReply> first = pair.Client.RequestAsync("slow", default).AsTask();
        Task<SshReply> second = pair.Client.RequestAsync("slower", default).AsTask();
        Task<SshReply> third = pair.Client.RequestAsync("throws", default).AsTask();
        Task<SshReply> fourth = pair.Client.RequestAsync("quick", default).AsTask();
        await pair.Client.NotifyAsync("tell", default);
        await Task.WhenAll(quick.Task, told.Task).WaitAsync(SessionPair.Patience); // handled, though the first has no answer yet
        await pair.Client.OpenChannelAsync("x", default).AsTask().WaitAsync(SessionPair.Patience);

        slower.SetResult(SshReply.Ok("slower"u8.ToArray()));
        await pair.Client.OpenChannelAsync("x", default).AsTask().WaitAsync(SessionPair.Patience);
        Assert.False(first.IsCompleted || second.IsCompleted || third.IsCompleted || fourth.IsCompleted);
        slow.SetResult(SshReply.Fail("slow"));
        SshReply[] replies = await Task.WhenAll(first, second, third, fourth).WaitAsync(SessionPair.Patience);
        Assert.Equal([false, true, false, true], replies.Select(reply => reply.Success));
        Assert.Equal(["slow", "slower", "", "quick"], replies.Select(reply => System.Text.Encoding.ASCII.GetString(reply.Payload.Span)));
        Assert.True((await pair.Client.RequestAsync("after", default).AsTask().WaitAsync(SessionPair.Patience)).Success);
    }

    [Fact]
    public async Task A_connection_that_ends_waits_for_replies_that_were_put_off()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        TaskCompletionSource asked = NewSource();
        TaskCompletionSource<SshReply> slow = NewSource<SshReply>();
        pair.ServerHandler.OnRequest = _ => ValueTask.FromResult(SshReply.Defer(_ =>
        {
            asked.SetResult();
            return slow.Task;
        }));
        Task<SshReply> request = pair.Client.RequestAsync("x", default).AsTask();
        await asked.Task.WaitAsync(SessionPair.Patience);
        await pair.Server.CloseAsync(SshDisconnectReason.ByApplication, "enough");
        Task idle = pair.Server.WhenIdleAsync();
        Assert.False(idle.IsCompleted);
        slow.SetResult(SshReply.Ok());
        await idle.WaitAsync(SessionPair.Patience);
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => request);
    }

    [Fact]
    public async Task Replies_that_are_put_off_are_bounded()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(serverOptions: new SshServerOptions
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            MaxPendingRequests = 2,
        });
        pair.ServerHandler.OnRequest = static _ => ValueTask.FromResult(SshReply.Defer(static async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return SshReply.Ok();
        }));
        Task<SshReply>[] requests = [.. Enumerable.Range(0, 3).Select(_ => pair.Client.RequestAsync("x", default).AsTask())];
        SshCloseReason reason = await pair.Server.Completion.WaitAsync(SessionPair.Patience);
        Assert.Contains("Too many requests", reason.Message, StringComparison.Ordinal);
        foreach (Task<SshReply> request in requests)
        {
            await Assert.ThrowsAsync<SshConnectionClosedException>(() => request.WaitAsync(SessionPair.Patience));
        }

        await pair.Server.WhenIdleAsync().WaitAsync(SessionPair.Patience);
    }

    private static SshServerOptions Reporting(List<Exception> failures) => new()
    {
        HostKeys = SessionPair.ServerOptions.HostKeys,
        AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
        HandlerFailed = failures.Add,
    };

    private static SshChannelVerdict Accept() => SshChannelVerdict.Accept(static (channel, _) => channel.Closed);

    private static TaskCompletionSource<T> NewSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
