using System.Buffers.Binary;
using RPort.Ssh.Connection;
using RPort.Ssh.Transport;
using RPort.Ssh.Wire;
using RPort.Testing;

namespace RPort.Ssh.Tests;

/// <summary>Each limit of <see cref="SshConnectionOptions"/>, pushed over by a peer that frames and encrypts correctly.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task A_packet_over_the_limit_ends_the_connection_before_it_is_read()
    {
        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, SessionPair.ServerOptions, new PeerHandler());
        byte[] start = new byte[64];
        "SSH-2.0-x\r\n"u8.CopyTo(start);
        BinaryPrimitives.WriteUInt32BigEndian(start.AsSpan(11), (256 * 1024) + 8 - 4);
        await near.WriteAsync(start);
        SshProtocolException error = await Assert.ThrowsAsync<SshProtocolException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.Equal(SshDisconnectReason.ProtocolError, error.Reason);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(11u)]
    [InlineData(13u)]
    [InlineData(uint.MaxValue)]
    [InlineData(uint.MaxValue - 3)]
    [InlineData(0x80000004u)]
    public async Task An_impossible_packet_length_ends_the_connection(uint length)
    {
        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, SessionPair.ServerOptions, new PeerHandler());
        byte[] start = new byte[64];
        "SSH-2.0-x\r\n"u8.CopyTo(start);
        BinaryPrimitives.WriteUInt32BigEndian(start.AsSpan(11), length);
        await near.WriteAsync(start);
        await Assert.ThrowsAsync<SshProtocolException>(() => accept.WaitAsync(SessionPair.Patience));
    }

    [Theory]
    [InlineData("SSH-2.0-", 300)]
    [InlineData("hello", 9000)]
    [InlineData("a\n", 9000)]
    public async Task A_flood_instead_of_a_version_line_ends_the_connection(string pattern, int bytes)
    {
        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, SessionPair.ServerOptions, new PeerHandler());
        string flood = string.Concat(Enumerable.Repeat(pattern, bytes / pattern.Length));
        await near.WriteAsync(System.Text.Encoding.ASCII.GetBytes(flood));
        SshProtocolException error = await Assert.ThrowsAsync<SshProtocolException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.Equal(SshDisconnectReason.ProtocolVersionNotSupported, error.Reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_peer_that_stalls_in_the_handshake_is_dropped_at_the_deadline(int stage)
    {
        ManualTime time = new();
        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, Server(time: time), new PeerHandler());
        await using RawPeer peer = new(near, RawPeer.ClientOptions, stage == 0 ? "SSH-2.0-"u8.ToArray() : null);
        await peer.ReadVersionAsync();
        if (stage == 1)
        {
            await peer.ExpectAsync(MessageNumber.KexInit);
        }
        else if (stage == 2)
        {
            _ = peer.KeyExchange.Begin();
            await peer.FinishKeyExchangeAsync();
            await peer.ExpectAsync(MessageNumber.ExtInfo);
            peer.Send([(byte)MessageNumber.ServiceRequest, 0, 0, 0, 12, .. "ssh-userauth"u8]);
            await peer.ExpectAsync(MessageNumber.ServiceAccept);
        }

        time.Advance(TimeSpan.FromSeconds(19));
        Assert.False(accept.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        await peer.ExpectDisconnectAsync();
        await peer.DisposeAsync();
        SshConnectionClosedException error = await Assert.ThrowsAsync<SshConnectionClosedException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.Contains(stage == 2 ? "login" : "handshake", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_check_that_never_ends_is_cut_at_the_login_deadline()
    {
        ManualTime time = new();
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        SshServerOptions options = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = async (_, _) =>
            {
                asked.SetResult();
                await new TaskCompletionSource().Task; // heeds no token
                return true;
            },
            TimeProvider = time,
        };
        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, options, new PeerHandler());
        Task<SshConnection> connect = SshConnection.ConnectAsync(near, SessionPair.ClientOptions, new PeerHandler());
        await asked.Task.WaitAsync(SessionPair.Patience);
        time.Advance(TimeSpan.FromSeconds(21));
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => accept.WaitAsync(SessionPair.Patience));
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => connect.WaitAsync(SessionPair.Patience));
    }

    [Fact]
    public async Task A_cancelled_handshake_disposes_the_stream()
    {
        (Stream near, Stream far) = DuplexPair.Create();
        using CancellationTokenSource stop = new();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, SessionPair.ServerOptions, new PeerHandler(), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accept.WaitAsync(SessionPair.Patience));
        byte[] buffer = new byte[4096];
        while (await near.ReadAsync(buffer).AsTask().WaitAsync(SessionPair.Patience) > 0)
        {
        }
    }

    [Fact]
    public async Task Data_over_the_window_ends_the_connection()
    {
        (RawPeer peer, SshConnection server, uint channel) = await WithChannelAsync(Server(window: 50_000));
        SendData(peer, channel, 32_000);
        SendData(peer, channel, 18_000);
        SendData(peer, channel, 1);
        Assert.Equal(SshDisconnectReason.ProtocolError, await peer.ExpectDisconnectAsync());
        await FinishAsync(peer, server, "window");
    }

    [Fact]
    public async Task A_data_packet_over_the_advertised_size_ends_the_connection()
    {
        (RawPeer peer, SshConnection server, uint channel) = await WithChannelAsync(Server());
        SendData(peer, channel, 32_769);
        await FinishAsync(peer, server, "too large");
    }

    [Fact]
    public async Task A_window_over_32_bits_ends_the_connection()
    {
        (RawPeer peer, SshConnection server, uint channel) = await WithChannelAsync(Server());
        for (int i = 0; i < 2; i++)
        {
            peer.Send(MessageWith(MessageNumber.ChannelWindowAdjust, channel, 0xF000_0000));
        }

        await FinishAsync(peer, server, "2^32");
    }

    [Theory]
    [InlineData((byte)MessageNumber.ChannelData)]
    [InlineData((byte)MessageNumber.ChannelEof)]
    [InlineData((byte)MessageNumber.ChannelClose)]
    [InlineData((byte)MessageNumber.ChannelRequest)]
    [InlineData((byte)MessageNumber.ChannelWindowAdjust)]
    [InlineData((byte)MessageNumber.ChannelOpenConfirmation)]
    [InlineData((byte)MessageNumber.ChannelOpenFailure)]
    public async Task A_message_for_a_channel_that_is_not_open_ends_the_connection(byte number)
    {
        (RawPeer peer, SshConnection server, _) = await RawPeer.LogInAsync();
        peer.Send([number, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        await FinishAsync(peer, server, "");
    }

    [Fact]
    public async Task Replies_that_nobody_asked_for_end_the_connection()
    {
        (RawPeer peer, SshConnection server, _) = await RawPeer.LogInAsync();
        peer.Send((byte)MessageNumber.RequestSuccess);
        await FinishAsync(peer, server, "without a request");
    }

    [Fact]
    public async Task Data_after_EOF_ends_the_connection()
    {
        (RawPeer peer, SshConnection server, uint channel) = await WithChannelAsync(Server());
        peer.Send(MessageWith(MessageNumber.ChannelEof, channel));
        SendData(peer, channel, 1);
        await FinishAsync(peer, server, "EOF");
    }

    [Fact]
    public async Task A_channel_over_the_number_of_channels_is_refused_and_the_others_go_on()
    {
        (RawPeer peer, SshConnection server, _) = await WithChannelAsync(Server(channels: 2));
        peer.Send(ChannelOpenMessage.Encode("session", 8, 1000, 1000, default));
        await peer.ExpectAsync(MessageNumber.ChannelOpenConfirmation);
        peer.Send(ChannelOpenMessage.Encode("session", 9, 1000, 1000, default));
        byte[] failure = await peer.ExpectAsync(MessageNumber.ChannelOpenFailure);
        Assert.True(ChannelOpenFailureMessage.TryRead(failure.AsSpan(1), out ChannelOpenFailureMessage read));
        Assert.Equal(SshChannelOpenFailure.ResourceShortage, read.Reason);
        await Assert.ThrowsAsync<SshChannelOpenException>(() => server.OpenChannelAsync("x", default).AsTask());
        await peer.DisposeAsync();
        await server.Completion.WaitAsync(SessionPair.Patience);
    }

    [Fact]
    public async Task One_pending_open_too_many_ends_the_connection()
    {
        (RawPeer peer, SshConnection server, PeerHandler handler) = await RawPeer.LogInAsync(Server(pendingOpens: 5));
        using ManualResetEventSlim block = new();
        handler.OnOpen = _ =>
        {
            block.Wait(SessionPair.Patience);
            return SshChannelVerdict.Reject(SshChannelOpenFailure.ConnectFailed, "");
        };
        for (uint i = 0; i < 6; i++)
        {
            peer.Send(ChannelOpenMessage.Encode("session", i, 1000, 1000, default));
        }

        await FinishAsync(peer, server, "Too many channel opens");
        block.Set();
        await server.WhenIdleAsync().WaitAsync(SessionPair.Patience);
    }

    [Fact]
    public async Task One_pending_request_too_many_ends_the_connection()
    {
        (RawPeer peer, SshConnection server, PeerHandler handler) = await RawPeer.LogInAsync(Server(pendingRequests: 5));
        TaskCompletionSource block = new();
        handler.OnRequest = async _ =>
        {
            await block.Task;
            return SshReply.Ok();
        };
        for (int i = 0; i < 6; i++)
        {
            peer.Send(RequestMessage.EncodeGlobal("slow", wantsReply: false, default));
        }

        await FinishAsync(peer, server, "Too many requests");
        block.SetResult();
        await server.WhenIdleAsync().WaitAsync(SessionPair.Patience);
    }

    [Fact]
    public async Task One_pending_channel_request_too_many_ends_the_connection()
    {
        TaskCompletionSource block = new();
        (RawPeer peer, SshConnection server, uint channel) = await WithChannelAsync(Server(pendingRequests: 5), async (_, _) =>
        {
            await block.Task;
            return true;
        });
        for (int i = 0; i < 6; i++)
        {
            peer.Send(RequestMessage.EncodeChannel(channel, "slow", wantsReply: true, default));
        }

        await FinishAsync(peer, server, "Too many requests on one channel");
        block.SetResult();
        await server.WhenIdleAsync().WaitAsync(SessionPair.Patience);
    }

    [Fact]
    public async Task A_peer_that_causes_answers_and_reads_none_is_disconnected()
    {
        (RawPeer peer, SshConnection server, _) = await RawPeer.LogInAsync(Server(queuedControl: 20_000));

        // Each unknown message is answered with UNIMPLEMENTED. The peer reads nothing: pipe and queue fill up, and then it is enough.
        byte[] unknown = [199];
        for (int i = 0; i < 40_000 && !server.Completion.IsCompleted; i++)
        {
            while (!peer.Sender.TryQueue(unknown, null, out Task room))
            {
                await room.WaitAsync(SessionPair.Patience);
            }
        }

        SshCloseReason reason = await server.Completion.WaitAsync(SessionPair.Patience);
        Assert.Contains("more answers than it reads", reason.Message, StringComparison.Ordinal);
        await peer.DisposeAsync();
    }

    [Fact]
    public async Task An_unknown_message_is_answered_with_its_sequence_number()
    {
        (RawPeer peer, SshConnection server, _) = await RawPeer.LogInAsync();
        peer.Send(199);
        byte[] answer = await peer.ExpectAsync(MessageNumber.Unimplemented);

        // Strict key exchange: SERVICE_REQUEST was packet 0 after NEWKEYS, the login packet 1.
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(1)));
        peer.Send((byte)MessageNumber.Ignore, 0, 0, 0, 0);
        peer.Send((byte)MessageNumber.Debug, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        peer.Send(RequestMessage.EncodeGlobal("still there?", wantsReply: true, default));
        await peer.ExpectAsync(MessageNumber.RequestFailure);
        await server.DisposeAsync().AsTask().WaitAsync(SessionPair.Patience);
        await peer.DisposeAsync();
    }

    [Fact]
    public async Task The_close_is_bounded_in_time_when_the_peer_does_not_read()
    {
        (Stream near, Stream far) = DuplexPair.Create(capacity: 1000);
        SshServerOptions options = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            CloseTimeout = TimeSpan.FromMilliseconds(50),
        };
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, options, new PeerHandler());
        await using RawPeer peer = new(near, RawPeer.ClientOptions);
        await peer.ExchangeKeysAsync();
        await peer.LogInAsync(SessionPair.Password);
        SshConnection server = await accept.WaitAsync(SessionPair.Patience);
        Task<SshChannel> open = server.OpenChannelAsync("x", new byte[10_000]).AsTask();
        Task<SshChannel> second = server.OpenChannelAsync("x", new byte[10_000]).AsTask();
        await server.CloseAsync(SshDisconnectReason.ByApplication, "done").AsTask().WaitAsync(SessionPair.Patience);
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => open);
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => second);
    }

    [Fact]
    public async Task The_first_reason_wins()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        ValueTask first = pair.Client.CloseAsync(SshDisconnectReason.TooManyConnections, "first");
        ValueTask second = pair.Client.CloseAsync(SshDisconnectReason.ByApplication, "second");
        await first.AsTask().WaitAsync(SessionPair.Patience);
        await second.AsTask().WaitAsync(SessionPair.Patience);
        Assert.Equal("first", (await pair.Client.Completion).Message);
        SshCloseReason far = await pair.Server.Completion.WaitAsync(SessionPair.Patience);
        Assert.Equal(SshDisconnectReason.TooManyConnections, far.Reason);
        Assert.True(far.ByPeer);
    }

    [Fact]
    public async Task A_stream_that_ends_in_the_middle_of_a_packet_says_so()
    {
        (RawPeer peer, SshConnection server, _) = await RawPeer.LogInAsync();
        await peer.DisposeAsync();
        SshCloseReason clean = await server.Completion.WaitAsync(SessionPair.Patience);
        Assert.Contains("without a DISCONNECT", clean.Message, StringComparison.Ordinal);

        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, SessionPair.ServerOptions, new PeerHandler());
        await near.WriteAsync("SSH-2.0-x\r\n\0\0"u8.ToArray());
        await near.DisposeAsync();
        SshConnectionClosedException cut = await Assert.ThrowsAsync<SshConnectionClosedException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.True(cut.Reason.ByPeer);
    }

    private static SshServerOptions Server(
        int channels = 1024,
        int pendingOpens = 256,
        int pendingRequests = 64,
        int window = 2 * 1024 * 1024,
        int queuedControl = 4 * 1024 * 1024,
        TimeProvider? time = null) => new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            MaxChannels = channels,
            MaxPendingOpens = pendingOpens,
            MaxPendingRequests = pendingRequests,
            InitialWindowBytes = window,
            MaxQueuedControlBytes = queuedControl,
            CloseTimeout = TimeSpan.FromMilliseconds(200),
            TimeProvider = time ?? TimeProvider.System,
        };

    [Fact]
    public async Task What_may_be_unread_on_all_channels_together_is_bounded()
    {
        SshServerOptions options = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            InitialWindowBytes = 500_000,
            MaxWindowBytes = 500_000, // they would grow with use
            MaxUnreadBytes = 1_200_000,
        };
        await using SessionPair pair = await SessionPair.CreateAsync(serverOptions: options);
        List<(SshChannel Near, SshChannel Far)> channels = [];
        int[] windows = [500_000, 500_000, ReceiveBudget.FloorBytes, ReceiveBudget.FloorBytes];
        foreach (int window in windows)
        {
            (SshChannel near, SshChannel far) = await pair.OpenAsync();
            Assert.Equal((uint)window, far.Input.InitialWindow);
            channels.Add((near, far));
            Task write = near.WriteAsync(new byte[window + 1]).AsTask();
            await pair.Client.RequestAsync("x", default).AsTask().WaitAsync(SessionPair.Patience);
            Assert.False(write.IsCompleted); // nobody reads: its last byte has no window
            await far.ReadAsync(new byte[window]).AsTask().WaitAsync(SessionPair.Patience);
            await write.WaitAsync(SessionPair.Patience);
        }

        // A channel that is over gives its part back.
        await channels[0].Near.CloseAsync();
        await channels[0].Far.Closed.WaitAsync(SessionPair.Patience);
        await channels[0].Far.Serving.WaitAsync(SessionPair.Patience);
        (_, SshChannel last) = await pair.OpenAsync();
        Assert.Equal(500_000u, last.Input.InitialWindow);
    }

    private static async Task<(RawPeer Peer, SshConnection Server, uint Channel)> WithChannelAsync(
        SshServerOptions options, Func<SshChannelRequest, CancellationToken, ValueTask<bool>>? requests = null)
    {
        (RawPeer peer, SshConnection server, PeerHandler handler) = await RawPeer.LogInAsync(options);
        handler.OnOpen = _ => SshChannelVerdict.Accept(async (channel, _) =>
        {
            channel.RequestHandler = requests;
            await channel.Closed;
        });
        peer.Send(ChannelOpenMessage.Encode("session", 7, 100_000, 32_768, default));
        byte[] message = await peer.ExpectAsync(MessageNumber.ChannelOpenConfirmation);
        Assert.True(ChannelOpenConfirmationMessage.TryRead(message.AsSpan(1), out ChannelOpenConfirmationMessage confirmation));
        Assert.Equal(7u, confirmation.Recipient);
        return (peer, server, confirmation.Sender);
    }

    private static async Task FinishAsync(RawPeer peer, SshConnection server, string message)
    {
        SshCloseReason reason = await server.Completion.WaitAsync(SessionPair.Patience);
        Assert.False(reason.ByPeer);
        Assert.IsType<SshProtocolException>(reason.Error);
        Assert.Contains(message, reason.Message, StringComparison.Ordinal);
        await peer.DisposeAsync();
    }

    private static void SendData(RawPeer peer, uint channel, int bytes)
    {
        byte[] message = new byte[9 + bytes];
        message[0] = (byte)MessageNumber.ChannelData;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), channel);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(5), bytes);
        peer.Send(message);
    }

    private static byte[] MessageWith(MessageNumber number, uint channel, uint? field = null)
    {
        byte[] message = new byte[field is null ? 5 : 9];
        message[0] = (byte)number;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), channel);
        if (field is { } value)
        {
            BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(5), value);
        }

        return message;
    }
}
