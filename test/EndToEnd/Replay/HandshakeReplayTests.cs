using System.Text;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Replay;

/// <summary>How an existing agent comes in: HTTP upgrade, version lines, key exchange, log-in.</summary>
[Collection(ReplayGateway.Collection)]
public sealed class HandshakeReplayTests(ReplayGateway gateway)
{
    private const byte Disconnect = 1;
    private const byte ServiceRequest = 5;
    private const byte ServiceAccept = 6;
    private const byte ExtInfo = 7;
    private const byte UserAuthRequest = 50;
    private const byte UserAuthFailure = 51;
    private const byte UserAuthSuccess = 52;
    private const byte GlobalRequest = 80;
    private const byte RequestSuccess = 81;

    [Fact]
    public async Task The_upgrade_is_answered_as_recorded()
    {
        using UpgradedSocket socket = await UpgradedSocket.OpenAsync(gateway.Process);
        Assert.Equal("HTTP/1.1 101 Switching Protocols", socket.StatusLine);
        Assert.Equal("websocket", socket.Headers["Upgrade"], ignoreCase: true);
        Assert.Equal("upgrade", socket.Headers["Connection"], ignoreCase: true);
        Assert.Equal("5Nhrkdcox2yeWGTx+4Q1Q+p/gNQ=", socket.Headers["Sec-WebSocket-Accept"]);
        Assert.DoesNotContain("Sec-WebSocket-Protocol", socket.Headers.Keys);
        Assert.DoesNotContain("Sec-WebSocket-Extensions", socket.Headers.Keys);

        // Binary, whole, unmasked; the version line comes unasked and begins the first frame.
        (byte head, byte[] payload) = await socket.ReadFrameAsync();
        Assert.Equal(0x82, head);
        Assert.Matches("^SSH-[ -~]+\r\n", Encoding.Latin1.GetString(payload));
    }

    [Theory]
    [InlineData("rport-v2", true)]
    [InlineData("chisel-v3", true)]
    [InlineData("", false)]
    public async Task Anything_else_is_not_found(string protocol, bool upgrade)
    {
        using UpgradedSocket socket = await UpgradedSocket.OpenAsync(gateway.Process, protocol, upgrade);
        Assert.Equal("HTTP/1.1 404 Not Found", socket.StatusLine);
        Assert.Equal("0", socket.Headers["Content-Length"]);
    }

    [Fact]
    public async Task The_handshake_and_the_login_end_well()
    {
        (Stream stream, GoTransport ssh) = await BeginAsync();
        await using (stream)
        using (ssh)
        {
            await ssh.ExchangeKeysAsync();
            Assert.Equal("ecdh-sha2-nistp256", ssh.Agreed(0));
            Assert.Equal("ecdsa-sha2-nistp256", ssh.Agreed(1));
            Assert.Equal("aes128-gcm@openssh.com", ssh.Agreed(2));
            Assert.Equal("aes128-gcm@openssh.com", ssh.Agreed(3));
            Assert.NotNull(ssh.Agreed(4));
            Assert.NotNull(ssh.Agreed(5));
            Assert.Equal("none", ssh.Agreed(6));
            Assert.Equal("none", ssh.Agreed(7));
            Assert.Equal(ReplayGateway.Fingerprint, ssh.Fingerprint);
            Assert.Equal(ReplayGateway.Fingerprint, (await gateway.Process.GetDataAsync("status")).GetProperty("fingerprint").GetString());

            await BeginLoginAsync(ssh);
            await ssh.WritePacketAsync(Login("none"));
            await ssh.ExpectAsync([UserAuthFailure, .. GoTransport.Text("password"), 0]);
            await ssh.WritePacketAsync([.. Login("password"), 0, .. GoTransport.Text(ReplayGateway.Password)]);
            await ssh.ExpectAsync([UserAuthSuccess]);

            // Nothing but the answer comes before the agent has registered.
            await ssh.WritePacketAsync([GlobalRequest, .. GoTransport.Text("ping"), 1]);
            await ssh.ExpectAsync([RequestSuccess]);
        }
    }

    [Fact]
    public async Task A_wrong_password_is_refused_with_the_methods_that_remain()
    {
        (Stream stream, GoTransport ssh) = await BeginAsync();
        await using (stream)
        using (ssh)
        {
            await ssh.ExchangeKeysAsync();
            await BeginLoginAsync(ssh);
            await ssh.WritePacketAsync([.. Login("password", "nobody"), 0, .. GoTransport.Text("wrong")]);
            await ssh.ExpectAsync([UserAuthFailure, .. GoTransport.Text("password"), 0]);

            // It tries no other method then: an agent that gives up says so, or just hangs up.
            await ssh.WritePacketAsync([Disconnect, 0, 0, 0, 11, .. GoTransport.Text(""), .. GoTransport.Text("")]);
        }
    }

    // One EXT_INFO may come first, since the client offers ext-info-c (RFC 8308 §2.4); it holds whole pairs.
    private static async Task BeginLoginAsync(GoTransport ssh)
    {
        await ssh.WritePacketAsync([ServiceRequest, .. GoTransport.Text("ssh-userauth")]);
        byte[] first = await ssh.ReadPacketAsync();
        if (first[0] == ExtInfo)
        {
            Assert.Equal([ExtInfo, 0, 0, 0, 1, .. GoTransport.Text("server-sig-algs")], first[..(9 + "server-sig-algs".Length)]);
            first = await ssh.ReadPacketAsync();
        }

        Assert.Equal([ServiceAccept, .. GoTransport.Text("ssh-userauth")], first);
    }

    private static byte[] Login(string method, string user = ReplayGateway.User) =>
        [UserAuthRequest, .. GoTransport.Text(user), .. GoTransport.Text("ssh-connection"), .. GoTransport.Text(method)];

    private async Task<(Stream Stream, GoTransport Ssh)> BeginAsync()
    {
        UpgradedSocket socket = await UpgradedSocket.OpenAsync(gateway.Process);
        Stream stream = socket.AsByteStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(GoTransport.ClientVersion + "\r\n"));
        StringBuilder line = new();
        byte[] one = new byte[1];
        while (!line.ToString().EndsWith("\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one);
            line.Append((char)one[0]);
        }

        return (stream, new GoTransport(stream) { ServerVersion = line.ToString().TrimEnd() });
    }
}
