using RPort.Ssh.Transport;
using RPort.Ssh.Wire;
using RPort.Testing;

namespace RPort.Ssh.Tests;

public sealed class RekeyTests
{
    [Theory]
    [InlineData(SshAlgorithms.Aes128Gcm, true, false)]
    [InlineData(SshAlgorithms.Aes128Gcm, false, true)]
    [InlineData(SshAlgorithms.Aes256Ctr, true, true)]
    public async Task Keys_change_under_load_in_both_directions_and_nothing_is_lost(string cipher, bool byClient, bool byServer)
    {
        SshClientOptions client = new()
        {
            UserName = SessionPair.User,
            Password = SessionPair.Password,
            VerifyHostKey = static _ => true,
            Ciphers = [cipher],
            RekeyAfterBytes = byClient ? 256 * 1024 : long.MaxValue,
        };
        SshServerOptions server = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            RekeyAfterBytes = byServer ? 256 * 1024 : long.MaxValue,
        };
        await using SessionPair pair = await SessionPair.CreateAsync(client, server);
        pair.ServerHandler.OnRequest = static request => ValueTask.FromResult(SshReply.Ok(request.Payload));

        Task[] transfers = [.. Enumerable.Range(0, 3).Select(seed => TransferAsync(pair, seed)), RequestsAsync(pair)];
        await Task.WhenAll(transfers).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.InRange(pair.Client.KeyExchanges, 5, int.MaxValue);
    }

    [Fact]
    public async Task Packets_and_time_cause_new_keys_too()
    {
        ManualTime time = new();
        SshClientOptions client = new()
        {
            UserName = SessionPair.User,
            Password = SessionPair.Password,
            VerifyHostKey = static _ => true,
            RekeyAfterPackets = 100,
            TimeProvider = time,
        };
        await using SessionPair pair = await SessionPair.CreateAsync(client);
        for (int i = 0; i < 120; i++)
        {
            await pair.Client.RequestAsync("x", default).AsTask().WaitAsync(SessionPair.Patience);
        }

        await pair.Client.RekeyAsync().WaitAsync(SessionPair.Patience); // joins or follows the one the packets caused
        int before = pair.Client.KeyExchanges;
        Assert.InRange(before, 2, 10);

        time.Advance(TimeSpan.FromHours(1)); // no further: a deadline for the key exchange runs from there
        await pair.Client.RequestAsync("x", default).AsTask().WaitAsync(SessionPair.Patience);
        await pair.Client.RequestAsync("x", default).AsTask().WaitAsync(SessionPair.Patience);
        await pair.Server.RekeyAsync().WaitAsync(SessionPair.Patience);
        Assert.InRange(pair.Client.KeyExchanges, before + 1, before + 3);
    }

    [Fact]
    public async Task A_silent_connection_gets_new_keys_when_the_old_ones_are_of_age()
    {
        ManualTime time = new();
        SshServerOptions options = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            RekeyAfter = TimeSpan.FromHours(1),
            TimeProvider = time,
        };
        (RawPeer peer, SshConnection server, _) = await RawPeer.LogInAsync(options);
        for (int i = 0; i < 2; i++)
        {
            time.Advance(TimeSpan.FromMinutes(59));
            Assert.Equal(1 + i, server.KeyExchanges);
            time.Advance(TimeSpan.FromMinutes(1));
            await peer.FinishKeyExchangeAsync();
            peer.Send(Connection.RequestMessage.EncodeGlobal("x", wantsReply: true, default));
            await peer.ExpectAsync(MessageNumber.RequestFailure); // behind our NEWKEYS: the server has them
        }

        await peer.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Both_sides_may_begin_at_the_same_time()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        for (int i = 0; i < 20; i++)
        {
            await Task.WhenAll(pair.Client.RekeyAsync(), pair.Server.RekeyAsync()).WaitAsync(SessionPair.Patience);
        }

        Assert.InRange(pair.Client.KeyExchanges, 21, 41);
        Assert.False((await pair.Client.RequestAsync("x", default).AsTask().WaitAsync(SessionPair.Patience)).Success);
    }

    [Fact]
    public async Task A_peer_that_does_not_finish_a_key_exchange_is_disconnected_at_the_deadline()
    {
        ManualTime time = new();
        SshServerOptions options = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            TimeProvider = time,
        };
        (RawPeer peer, SshConnection server, _) = await RawPeer.LogInAsync(options);
        Task rekey = server.RekeyAsync();
        await peer.ExpectAsync(MessageNumber.KexInit);
        time.Advance(TimeSpan.FromSeconds(19));
        Assert.False(server.Completion.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        await peer.ExpectDisconnectAsync();
        await peer.DisposeAsync();
        SshCloseReason reason = await server.Completion.WaitAsync(SessionPair.Patience);
        Assert.Equal(SshDisconnectReason.KeyExchangeFailed, reason.Reason);
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => rekey);
    }

    [Fact]
    public async Task Data_in_the_middle_of_the_peers_key_exchange_ends_the_connection()
    {
        (RawPeer peer, SshConnection server, _) = await RawPeer.LogInAsync();
        _ = peer.KeyExchange.Begin();
        peer.SendNow([(byte)MessageNumber.GlobalRequest, 0, 0, 0, 1, (byte)'x', 1]);
        Assert.Equal(SshDisconnectReason.ProtocolError, await peer.ExpectDisconnectAsync());
        await peer.DisposeAsync();
        Assert.False((await server.Completion.WaitAsync(SessionPair.Patience)).ByPeer);
    }

    [Fact]
    public void The_policy_counts_bytes_packets_and_age_since_the_last_keys()
    {
        ManualTime time = new();
        RekeyPolicy policy = new(1000, 50, TimeSpan.FromMinutes(10), time);
        Assert.False(policy.IsDue(999, 49));
        Assert.True(policy.IsDue(1000, 0));
        Assert.True(policy.IsDue(0, 50));
        policy.Restart(1000);
        Assert.False(policy.IsDue(1999, 0));
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.True(policy.IsDue(1000, 0));
        policy.Restart(1000);
        Assert.False(policy.IsDue(1000, 0));
        Assert.True(new RekeyPolicy(long.MaxValue, long.MaxValue, TimeSpan.FromDays(1), time).IsDue(0, 1L << 31));
    }

    private static async Task TransferAsync(SessionPair pair, int seed)
    {
        byte[] up = new byte[2_000_000 + seed];
        byte[] down = new byte[1_500_000 + seed];
        new Random(seed).NextBytes(up);
        new Random(seed + 100).NextBytes(down);
        TaskCompletionSource<byte[]> atServer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.ServerHandler.OnOpen = open => SshChannelVerdict.Accept(async (channel, cancellationToken) =>
        {
            byte chosen = open.Data.Span[0];
            byte[] answer = new byte[1_500_000 + chosen];
            new Random(chosen + 100).NextBytes(answer);
            Task<byte[]> reading = Drain.ToEndAsync(channel);
            await channel.WriteAsync(answer, cancellationToken);
            await channel.SendEofAsync(cancellationToken);
            byte[] received = await reading;
            byte[] expected = new byte[2_000_000 + chosen];
            new Random(chosen).NextBytes(expected);
            await channel.SendExitStatusAsync(received.AsSpan().SequenceEqual(expected) ? 0u : 1u, cancellationToken);
        });
        SshChannel channel = await pair.Client.OpenChannelAsync("transfer", new[] { (byte)seed });
        uint? status = null;
        channel.RequestHandler = (request, _) =>
        {
            status = request.Payload.Span[3];
            return ValueTask.FromResult(true);
        };
        Task<byte[]> received = Drain.ToEndAsync(channel);
        await channel.WriteAsync(up);
        await channel.SendEofAsync();
        Assert.Equal(down, await received);
        await channel.Closed;
        Assert.Equal(0u, status);
    }

    private static async Task RequestsAsync(SessionPair pair)
    {
        for (int i = 0; i < 200; i++)
        {
            SshReply reply = await pair.Client.RequestAsync("echo", new[] { (byte)i });
            Assert.Equal((byte)i, reply.Payload.Span[0]);
        }
    }
}
