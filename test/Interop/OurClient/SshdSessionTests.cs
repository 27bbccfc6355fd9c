using System.Text;
using RPort.Interop.OpenSsh;
using RPort.Ssh;

namespace RPort.Interop.OurClient;

/// <summary>What a session of our client with a real <c>sshd</c> is made of.</summary>
[Collection(SshdCollection.Name)]
public sealed class SshdSessionTests(SystemAccount account)
{
    [Fact]
    public async Task Commands_run_side_by_side_on_one_connection()
    {
        await using OpenSshDaemon daemon = await OpenSshDaemon.StartAsync(account);
        await using OurClientConnection client = await OurClientConnection.ConnectAsync(daemon, account);
        byte[][] payloads = [.. Enumerable.Range(1, 6).Select(i => Noise.Bytes(i * 300_000))];
        byte[][] outputs = await Task.WhenAll(payloads.Select(payload => client.RunAsync("cat", payload)));
        for (int i = 0; i < payloads.Length; i++)
        {
            Noise.AssertSame(payloads[i], outputs[i]);
        }

        Assert.StartsWith("SSH-2.0-OpenSSH", client.Connection.PeerVersionLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exit_status_and_errors_arrive()
    {
        await using OpenSshDaemon daemon = await OpenSshDaemon.StartAsync(account);
        await using OurClientConnection client = await OurClientConnection.ConnectAsync(daemon, account);
        await using SshChannel channel = await client.ExecuteAsync("read go; echo out; echo err >&2; exit 9");
        var status = new TaskCompletionSource<uint>();
        channel.RequestHandler = (request, _) =>
        {
            if (request.Type == "exit-status")
            {
                status.TrySetResult(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(request.Payload.Span));
            }

            return ValueTask.FromResult(true);
        };
        channel.KeepExtendedData = true;
        await channel.WriteAsync("go\n"u8.ToArray(), CancellationToken.None);
        byte[] buffer = new byte[100];
        Assert.Equal("out\n", Encoding.UTF8.GetString(buffer, 0, await channel.ReadAsync(buffer, CancellationToken.None)));
        Assert.Equal("err\n", Encoding.UTF8.GetString(buffer, 0, await channel.ReadExtendedAsync(buffer, CancellationToken.None)));
        Assert.Equal(9u, await status.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        await channel.Closed.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_half_closed_channel_still_delivers()
    {
        await using OpenSshDaemon daemon = await OpenSshDaemon.StartAsync(account);
        await using OurClientConnection client = await OurClientConnection.ConnectAsync(daemon, account);
        Assert.Equal("2000000", Encoding.UTF8.GetString(await client.RunAsync("wc -c", Noise.Bytes(2_000_000))).Trim());
    }

    [Fact]
    public async Task A_wrong_password_is_told_apart()
    {
        await using OpenSshDaemon daemon = await OpenSshDaemon.StartAsync(account);
        SshAuthenticationException e = await Assert.ThrowsAsync<SshAuthenticationException>(
            () => OurClientConnection.ConnectAsync(daemon, account, new ClientSettings { Password = "wrong" }));
        Assert.Equal(SshAuthenticationFailure.CredentialsRefused, e.Failure);
    }

    [Fact]
    public async Task An_unknown_host_key_is_refused_before_the_password_is_sent()
    {
        await using OpenSshDaemon daemon = await OpenSshDaemon.StartAsync(account);
        SshAuthenticationException e = await Assert.ThrowsAsync<SshAuthenticationException>(
            () => OurClientConnection.ConnectAsync(daemon, account, new ClientSettings { Trust = false }));
        Assert.Equal(SshAuthenticationFailure.HostKeyRefused, e.Failure);
    }

    [Fact]
    public async Task A_daemon_without_our_ciphers_is_an_orderly_failure()
    {
        await using OpenSshDaemon daemon = await OpenSshDaemon.StartAsync(account, "Ciphers chacha20-poly1305@openssh.com");
        await Assert.ThrowsAsync<SshProtocolException>(() => OurClientConnection.ConnectAsync(daemon, account));
    }
}
