using System.Text;
using Xunit;

namespace RPort.Ssh.Tests;

public sealed class ConnectionTests
{
    [Theory]
    [InlineData(SshAlgorithms.Aes128Gcm, SshAlgorithms.HmacSha256)]
    [InlineData(SshAlgorithms.Aes128Ctr, SshAlgorithms.HmacSha256Etm)]
    [InlineData(SshAlgorithms.Aes192Ctr, SshAlgorithms.HmacSha512Etm)]
    [InlineData(SshAlgorithms.Aes256Ctr, SshAlgorithms.HmacSha256)]
    [InlineData(SshAlgorithms.Aes256Ctr, SshAlgorithms.HmacSha512)]
    public async Task Data_goes_both_ways_under_every_cipher(string cipher, string mac)
    {
        SshClientOptions options = new()
        {
            UserName = SessionPair.User,
            Password = SessionPair.Password,
            VerifyHostKey = SessionPair.ClientOptions.VerifyHostKey,
            Ciphers = [cipher],
            Macs = [mac],
        };
        await using SessionPair pair = await SessionPair.CreateAsync(options);
        (SshChannel near, SshChannel far) = await pair.OpenAsync();

        byte[] sent = new byte[3_000_017];
        new Random(7).NextBytes(sent);
        Task<byte[]> atServer = Drain.ToEndAsync(far);
        Task<byte[]> atClient = Drain.ToEndAsync(near);
        await Task.WhenAll(WriteAsync(near, sent), WriteAsync(far, sent)).WaitAsync(SessionPair.Patience);

        Assert.Equal(sent, await atServer.WaitAsync(SessionPair.Patience));
        Assert.Equal(sent, await atClient.WaitAsync(SessionPair.Patience));
        Assert.StartsWith(cipher, pair.Server.Cipher, StringComparison.Ordinal);
        Assert.True(pair.Client.IsStrict);

        static async Task WriteAsync(SshChannel channel, byte[] data)
        {
            await channel.WriteAsync(data);
            await channel.SendEofAsync();
        }
    }

    [Fact]
    public async Task Replies_to_global_requests_come_in_the_order_of_requests()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        pair.ServerHandler.OnRequest = request => ValueTask.FromResult(
            request.Name == "echo" ? SshReply.Ok(request.Payload) : SshReply.Fail("unknown request"));

        Task<SshReply>[] replies = [.. Enumerable.Range(0, 200).Select(i =>
            pair.Client.RequestAsync(i % 3 == 0 ? "other" : "echo", Encoding.UTF8.GetBytes($"{i}")).AsTask())];
        await Task.WhenAll(replies).WaitAsync(SessionPair.Patience);

        for (int i = 0; i < replies.Length; i++)
        {
            SshReply reply = await replies[i];
            Assert.Equal(i % 3 != 0, reply.Success);
            Assert.Equal(i % 3 == 0 ? "unknown request" : $"{i}", Encoding.UTF8.GetString(reply.Payload.Span));
        }
    }

    [Fact]
    public async Task A_peer_that_keeps_just_below_the_limit_of_pending_requests_is_never_refused()
    {
        SshServerOptions options = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            MaxPendingRequests = 1,
        };
        await using SessionPair pair = await SessionPair.CreateAsync(serverOptions: options);
        (SshChannel near, _) = await pair.OpenAsync(requests: static (_, _) => ValueTask.FromResult(true));
        for (int i = 0; i < 3000; i++)
        {
            // The next request follows its reply at once: the reply must have made room for it before it left.
            Assert.False((await pair.Client.RequestAsync("x", default).AsTask().WaitAsync(SessionPair.Patience)).Success);
            Assert.True(await near.RequestAsync("x", default).AsTask().WaitAsync(SessionPair.Patience));
        }
    }

    [Fact]
    public async Task Requests_over_the_limit_that_wait_for_their_turn_fail_when_the_connection_closes()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        TaskCompletionSource<SshReply> never = new();
        pair.ServerHandler.OnRequest = _ => new ValueTask<SshReply>(never.Task);
        Task<SshReply>[] replies = [.. Enumerable.Range(0, 100).Select(_ => pair.Client.RequestAsync("x", default).AsTask())];
        await pair.Client.CloseAsync(SshDisconnectReason.ByApplication, "enough");
        foreach (Task<SshReply> reply in replies)
        {
            await Assert.ThrowsAsync<SshConnectionClosedException>(() => reply.WaitAsync(SessionPair.Patience));
        }

        never.SetResult(SshReply.Fail());
    }
}
