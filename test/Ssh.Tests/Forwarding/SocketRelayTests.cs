using System.Net.Sockets;
using System.Text;
using RPort.Ssh.Forwarding;

namespace RPort.Ssh.Tests.Forwarding;

/// <summary>A relay carries bytes, and every way a TCP connection or a channel can end, from one to the other.</summary>
public sealed class SocketRelayTests
{
    private const int Much = 5_000_000;

    [Fact]
    public async Task Bytes_go_both_ways_at_one_time_and_are_counted()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        byte[] toChannel = RandomBytes(1);
        byte[] toSocket = RandomBytes(2);
        Task<byte[]> atChannel = Drain.ToEndAsync(pair.Channel);
        Task<byte[]> atSocket = pair.ReadSocketAsync();
        Task fromSocket = SendAndEndAsync(pair.Socket, toChannel);
        await pair.Channel.WriteAsync(toSocket);
        await pair.Channel.SendEofAsync();
        await fromSocket.WaitAsync(SessionPair.Patience);

        Assert.Equal(toChannel, await atChannel.WaitAsync(SessionPair.Patience));
        Assert.Equal(toSocket, await atSocket.WaitAsync(SessionPair.Patience));
        Assert.True(await pair.EndAsync());
        Assert.Equal((Much, Much), (pair.Meter.ToChannel, pair.Meter.ToSocket));
    }

    [Fact]
    public async Task FIN_becomes_EOF_and_the_other_direction_goes_on()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        await SendAndEndAsync(pair.Socket, "question"u8.ToArray());
        Assert.Equal("question", Encoding.ASCII.GetString(await Drain.ToEndAsync(pair.Channel).WaitAsync(SessionPair.Patience)));
        Assert.True(pair.Channel.PeerSentEof);
        Assert.False(pair.Channel.Closed.IsCompleted);

        await pair.Channel.WriteAsync("answer"u8.ToArray());
        await pair.Channel.SendEofAsync();
        Assert.Equal("answer", Encoding.ASCII.GetString(await pair.ReadSocketAsync()));
        Assert.True(await pair.EndAsync());
    }

    [Fact]
    public async Task EOF_becomes_FIN_and_the_other_direction_goes_on()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        await pair.Channel.WriteAsync("question"u8.ToArray());
        await pair.Channel.SendEofAsync();
        Assert.Equal("question", Encoding.ASCII.GetString(await pair.ReadSocketAsync()));
        Assert.False(pair.Relay.IsCompleted);

        await SendAndEndAsync(pair.Socket, "answer"u8.ToArray());
        Assert.Equal("answer", Encoding.ASCII.GetString(await Drain.ToEndAsync(pair.Channel).WaitAsync(SessionPair.Patience)));
        Assert.True(await pair.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RST_becomes_CLOSE_without_EOF_even_when_the_channel_has_ended_its_direction(bool afterEof)
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        if (afterEof)
        {
            await pair.Channel.SendEofAsync();
            Assert.Empty(await pair.ReadSocketAsync());
        }

        pair.Reset();
        Assert.Empty(await Drain.ToEndAsync(pair.Channel).WaitAsync(SessionPair.Patience));
        Assert.False(pair.Channel.PeerSentEof);
        Assert.False(await pair.EndAsync());
    }

    [Fact]
    public async Task CLOSE_without_EOF_becomes_RST_after_the_data_before_it()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        await pair.Channel.WriteAsync("last words"u8.ToArray());
        byte[] buffer = new byte[100];
        Assert.Equal(10, await pair.Socket.ReceiveAsync(buffer).WaitAsync(SessionPair.Patience));
        await pair.Channel.CloseAsync();
        await pair.AssertSocketIsResetAsync();
        Assert.False(await pair.EndAsync());
    }

    [Fact]
    public async Task CLOSE_after_EOF_becomes_RST_while_the_socket_still_has_something_to_send()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        await pair.Channel.SendEofAsync();
        Assert.Empty(await pair.ReadSocketAsync());
        await pair.Channel.CloseAsync();
        Assert.False(await pair.EndAsync());
        await Assert.ThrowsAsync<SocketException>(() => SendForeverAsync(pair.Socket));
    }

    [Fact]
    public async Task CLOSE_of_a_peer_without_half_close_is_an_orderly_end_after_all_its_data()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync(peerKeepsHalfClose: false);
        byte[] data = RandomBytes(3)[..500_000];
        Task<byte[]> read = pair.ReadSocketAsync();
        await pair.Channel.WriteAsync(data);
        await pair.Channel.CloseAsync();
        Assert.Equal(data, await read);
        Assert.True(await pair.EndAsync());
    }

    [Fact]
    public async Task A_peer_without_half_close_answers_EOF_with_CLOSE_and_its_last_data_arrives()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync(peerKeepsHalfClose: false);
        await SendAndEndAsync(pair.Socket, "question"u8.ToArray());
        Assert.Equal(8, (await Drain.ToEndAsync(pair.Channel).WaitAsync(SessionPair.Patience)).Length);
        await pair.Channel.WriteAsync("answer"u8.ToArray());
        await pair.Channel.CloseAsync();
        Assert.Equal("answer", Encoding.ASCII.GetString(await pair.ReadSocketAsync()));
        Assert.True(await pair.EndAsync());
    }

    [Fact]
    public async Task Cancelling_resets_the_socket_and_closes_the_channel()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        await pair.CancelAsync();
        await pair.AssertSocketIsResetAsync();
        Assert.Empty(await Drain.ToEndAsync(pair.Channel).WaitAsync(SessionPair.Patience));
        Assert.False(pair.Channel.PeerSentEof);
        Assert.False(await pair.EndAsync());
    }

    [Fact]
    public async Task A_relay_that_is_cancelled_before_it_starts_leaves_nothing_open()
    {
        await using SessionPair sessions = await SessionPair.CreateAsync();
        (SshChannel near, SshChannel far) = await sessions.OpenAsync();
        (Socket outside, Socket relayed) = await RelayedPair.ConnectAsync();
        using Socket mine = outside;
        Assert.False(await SocketRelay.RunAsync(relayed, near, new RelayMeter(), true, new CancellationToken(canceled: true)).WaitAsync(SessionPair.Patience));
        Assert.True(relayed.SafeHandle.IsClosed);
        await far.Closed.WaitAsync(SessionPair.Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lost_connection_resets_the_socket(bool busy)
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        if (busy)
        {
            Task sending = SendForeverAsync(pair.Socket); // nobody reads the channel: the relay waits for its window
            await Until(() => pair.Meter.ToChannel > 0);
            await pair.Sessions.Client.DisposeAsync();
            await Assert.ThrowsAnyAsync<SocketException>(() => sending.WaitAsync(SessionPair.Patience));
        }
        else
        {
            await pair.Sessions.Server.DisposeAsync();
            await pair.AssertSocketIsResetAsync();
        }

        Assert.False(await pair.Relay.WaitAsync(SessionPair.Patience));
        Assert.True(pair.Relayed.SafeHandle.IsClosed);
    }

    [Fact]
    public async Task A_reader_of_the_channel_that_is_slow_holds_the_sender_back()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        Task sending = SendAndEndAsync(pair.Socket, new byte[64 << 20]);
        // What is counted is a window, less the buffer that waits for more of it. Kernel buffers take some of the rest.
        long window = SessionPair.ServerOptions.InitialWindowBytes;
        await Until(() => pair.Meter.ToChannel >= window - 128 * 1024);
        Assert.False(sending.IsCompleted);
        Assert.InRange(pair.Meter.ToChannel, 0, window);
        await pair.Channel.SendEofAsync();
        Assert.Equal(64L << 20, (await Drain.ToEndAsync(pair.Channel).WaitAsync(SessionPair.Patience)).LongLength);
        await sending.WaitAsync(SessionPair.Patience);
        Assert.True(await pair.EndAsync());
    }

    [Fact]
    public async Task A_reader_of_the_socket_that_is_slow_holds_the_peer_back()
    {
        await using RelayedPair pair = await RelayedPair.CreateAsync();
        Task writing = pair.Channel.WriteAsync(new byte[64 << 20]).AsTask();
        await Until(() => pair.Meter.ToSocket > 0);
        Assert.False(writing.IsCompleted); // 64 MiB are more than a window and all socket buffers (the system's limits for one are a few MiB)

        Task<byte[]> read = pair.ReadSocketAsync();
        await writing.WaitAsync(SessionPair.Patience);
        await pair.Channel.SendEofAsync();
        Assert.Equal(64 << 20, (await read.WaitAsync(SessionPair.Patience)).Length);
        pair.Socket.Shutdown(SocketShutdown.Send);
        Assert.True(await pair.EndAsync());
    }

    [Fact]
    public async Task Two_relays_make_one_connection_that_ends_as_a_direct_one_does()
    {
        await using SessionPair sessions = await SessionPair.CreateAsync();
        for (int round = 0; round < 50; round++)
        {
            (Socket user, Socket userRelayed) = await RelayedPair.ConnectAsync();
            (Socket target, Socket targetRelayed) = await RelayedPair.ConnectAsync();
            using Socket first = user;
            using Socket second = target;
            Task<bool> targetRelay = Task.FromResult(false);
            sessions.ServerHandler.OnOpen = _ => SshChannelVerdict.Accept((channel, _) =>
                targetRelay = SocketRelay.RunAsync(targetRelayed, channel, new RelayMeter(), true, CancellationToken.None));
            SshChannel near = await sessions.Client.OpenChannelAsync("relayed", default);
            Task<bool> userRelay = SocketRelay.RunAsync(userRelayed, near, new RelayMeter(), true, CancellationToken.None);

            // Both ends at nearly one time, in turns of who is first: the last bytes of both must arrive, and both see FIN.
            byte[] payload = RandomBytes(round)[..100_000];
            Task send = SendAndEndAsync(round % 2 == 0 ? user : target, payload);
            Task back = SendAndEndAsync(round % 2 == 0 ? target : user, payload);
            Assert.Equal(payload, await RelayedPair.ReadAsync(target));
            Assert.Equal(payload, await RelayedPair.ReadAsync(user));
            await Task.WhenAll(send, back).WaitAsync(SessionPair.Patience);
            Assert.True(await userRelay.WaitAsync(SessionPair.Patience));
            Assert.True(await targetRelay.WaitAsync(SessionPair.Patience));
        }
    }

    private static async Task SendAndEndAsync(Socket socket, byte[] data)
    {
        for (int sent = 0; sent < data.Length;)
        {
            sent += await socket.SendAsync(data.AsMemory(sent));
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task SendForeverAsync(Socket socket)
    {
        byte[] data = new byte[64 * 1024];
        while (true)
        {
            await socket.SendAsync(data);
        }
    }

    /// <summary>What the relay has done so far can be asked for, not waited for.</summary>
    private static async Task Until(Func<bool> condition)
    {
        using CancellationTokenSource patience = new(SessionPair.Patience);
        while (!condition())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private static byte[] RandomBytes(int seed)
    {
        byte[] bytes = new byte[Much];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
