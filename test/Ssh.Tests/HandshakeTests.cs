using System.Security.Cryptography;
using System.Text;
using RPort.Ssh.KeyExchange;
using RPort.Ssh.Wire;
using RPort.Testing;

namespace RPort.Ssh.Tests;

public sealed class HandshakeTests
{
    [Theory]
    [InlineData(SshAlgorithms.EcdhSha2NistP256)]
    [InlineData(SshAlgorithms.EcdhSha2NistP384)]
    [InlineData(SshAlgorithms.EcdhSha2NistP521)]
    public async Task Every_key_exchange_works(string algorithm)
    {
        SshClientOptions options = Client(keyExchanges: [algorithm]);
        await using SessionPair pair = await SessionPair.CreateAsync(options);
        Assert.Equal(algorithm, pair.Client.KeyExchange);
        Assert.Equal(SessionPair.User, pair.Server.UserName);
        Assert.Equal("SSH-2.0-RPort", pair.Server.PeerVersionLine);
    }

    [Fact]
    public async Task An_RSA_host_key_works_and_survives_PEM()
    {
        using RSA rsa = RSA.Create(2048);
        using SshHostKey first = SshHostKey.FromPem(rsa.ExportRSAPrivateKeyPem());
        using SshHostKey key = SshHostKey.FromPem(first.ToPem());
        Assert.Equal(first.Fingerprint.Sha256, key.Fingerprint.Sha256);
        SshServerOptions server = new() { HostKeys = [key], AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync };
        SshHostKeyFingerprint? seen = null;
        SshClientOptions client = Client(verify: fingerprint =>
        {
            seen = fingerprint;
            return true;
        });
        await using SessionPair pair = await SessionPair.CreateAsync(client, server);
        Assert.Equal("ssh-rsa", seen!.Algorithm);
        Assert.Equal(key.Fingerprint.Sha256, seen.Sha256);
    }

    [Theory]
    [InlineData(SshAlgorithms.RsaSha2With256)]
    [InlineData(SshAlgorithms.RsaSha2With512)]
    [InlineData(SshAlgorithms.EcdsaSha2NistP256)]
    public void A_host_key_signature_holds_for_its_message_only(string algorithm)
    {
        using RSA rsa = RSA.Create(2048);
        using SshHostKey key = algorithm == SshAlgorithms.EcdsaSha2NistP256 ? SshHostKey.GenerateEcdsa() : SshHostKey.FromPem(rsa.ExportPkcs8PrivateKeyPem());
        byte[] message = RandomNumberGenerator.GetBytes(32);
        byte[] signature = key.Sign(algorithm, message);
        Assert.True(HostKeyProof.Verify(algorithm, key.Fingerprint.Blob, signature, message));

        message[5] ^= 1;
        Assert.False(HostKeyProof.Verify(algorithm, key.Fingerprint.Blob, signature, message));
        message[5] ^= 1;
        for (int i = 0; i < signature.Length; i++)
        {
            signature[i] ^= 0x40;
            Assert.False(HostKeyProof.Verify(algorithm, key.Fingerprint.Blob, signature, message));
            signature[i] ^= 0x40;
        }
    }

    [Fact]
    public void A_pinned_fingerprint_is_compared_whole_in_both_forms()
    {
        using SshHostKey key = SshHostKey.GenerateEcdsa();
        SshHostKeyFingerprint fingerprint = key.Fingerprint;
        Assert.True(fingerprint.Matches(fingerprint.Sha256));
        Assert.True(fingerprint.Matches(fingerprint.Md5));
        Assert.True(fingerprint.Matches("MD5:" + fingerprint.Md5.ToUpperInvariant()));
        Assert.False(fingerprint.Matches(fingerprint.Sha256[..^1]));
        Assert.False(fingerprint.Matches(fingerprint.Md5[..^3]));
        Assert.False(fingerprint.Matches(""));
        Assert.False(fingerprint.Matches("SHA256:"));
        Assert.Matches("^SHA256:[A-Za-z0-9+/]{43}$", fingerprint.Sha256);
        Assert.Matches("^([0-9a-f]{2}:){15}[0-9a-f]{2}$", fingerprint.Md5);
    }

    [Fact]
    public async Task A_refused_host_key_ends_the_connection_before_the_password_is_sent()
    {
        bool asked = false;
        SshServerOptions server = Server((_, _) =>
        {
            asked = true;
            return ValueTask.FromResult(true);
        });
        (Task<SshConnection> connect, Task<SshConnection> accept) = Start(Client(verify: static _ => false), server);
        SshAuthenticationException error = await Assert.ThrowsAsync<SshAuthenticationException>(() => connect.WaitAsync(SessionPair.Patience));
        SshConnectionClosedException far = await Assert.ThrowsAsync<SshConnectionClosedException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.Equal(SshAuthenticationFailure.HostKeyRefused, error.Failure);
        Assert.Equal(SshDisconnectReason.HostKeyNotVerifiable, far.Reason.Reason);
        Assert.False(asked);
    }

    [Fact]
    public async Task A_wrong_password_is_told_as_such()
    {
        (Task<SshConnection> connect, Task<SshConnection> accept) = Start(Client(password: "wrong"), SessionPair.ServerOptions);
        SshAuthenticationException error = await Assert.ThrowsAsync<SshAuthenticationException>(() => connect.WaitAsync(SessionPair.Patience));
        Assert.Equal(SshAuthenticationFailure.CredentialsRefused, error.Failure);
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => accept.WaitAsync(SessionPair.Patience));
    }

    [Fact]
    public async Task A_failing_credential_store_ends_the_login_without_an_answer()
    {
        (Task<SshConnection> connect, Task<SshConnection> accept) = Start(
            SessionPair.ClientOptions, Server((_, _) => throw new InvalidOperationException("secret detail")));
        SshConnectionClosedException near = await Assert.ThrowsAsync<SshConnectionClosedException>(() => connect.WaitAsync(SessionPair.Patience));
        SshConnectionClosedException far = await Assert.ThrowsAsync<SshConnectionClosedException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.DoesNotContain("secret detail", near.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidOperationException>(far.Reason.Error);
    }

    [Fact]
    public async Task None_is_answered_with_the_methods_and_costs_no_attempt()
    {
        (RawPeer peer, Task<SshConnection> accept, _) = await RawPeer.BeforeLoginAsync();
        await using RawPeer owned = peer;
        peer.Send([(byte)MessageNumber.ServiceRequest, 0, 0, 0, 12, .. "ssh-userauth"u8]);
        await peer.ExpectAsync(MessageNumber.ServiceAccept);
        for (int i = 0; i < 5; i++)
        {
            SendAuth(peer, "none");
            byte[] failure = await peer.ExpectAsync(MessageNumber.UserAuthFailure);
            Assert.Equal("password", Encoding.ASCII.GetString(failure.AsSpan(5, 8)));
        }

        SendAuth(peer, "publickey");
        await peer.ExpectAsync(MessageNumber.UserAuthFailure);
        await peer.LogInAsync(SessionPair.Password);
        await (await accept.WaitAsync(SessionPair.Patience)).DisposeAsync();
    }

    [Fact]
    public async Task The_third_wrong_password_ends_the_connection()
    {
        (Stream near, Stream far) = DuplexPair.Create();
        List<int> attempts = [];
        Task<SshConnection> accept = SshConnection.AcceptAsync(
            far,
            Server((login, _) =>
            {
                attempts.Add(login.Attempt);
                return ValueTask.FromResult(false);
            }),
            new PeerHandler());
        await using RawPeer peer = new(near, RawPeer.ClientOptions);
        await peer.ExchangeKeysAsync();
        peer.Send([(byte)MessageNumber.ServiceRequest, 0, 0, 0, 12, .. "ssh-userauth"u8]);
        for (int i = 0; i < 4; i++)
        {
            peer.Send(Authentication.UserAuthRequestMessage.EncodePassword("x", $"guess {i}"));
        }

        Assert.Equal(SshDisconnectReason.NoMoreAuthMethodsAvailable, await peer.ExpectDisconnectAsync());
        await peer.DisposeAsync();
        await Assert.ThrowsAsync<SshAuthenticationException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.Equal([1, 2, 3], attempts);
    }

    [Fact]
    public async Task Connection_messages_before_the_login_end_the_connection()
    {
        (RawPeer peer, Task<SshConnection> accept, _) = await RawPeer.BeforeLoginAsync();
        await using RawPeer owned = peer;
        peer.Send(Connection.RequestMessage.EncodeGlobal("x", wantsReply: true, default));
        Assert.Equal(SshDisconnectReason.ProtocolError, await peer.ExpectDisconnectAsync());
        await peer.DisposeAsync();
        await Assert.ThrowsAsync<SshProtocolException>(() => accept.WaitAsync(SessionPair.Patience));
    }

    [Fact]
    public async Task A_wrongly_guessed_key_exchange_packet_is_ignored()
    {
        // A client that prefers P-521 guesses its point for it; the server agrees on P-256 and drops the guess.
        (Stream near, Stream far) = DuplexPair.Create();
        SshServerOptions server = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            KeyExchanges = [SshAlgorithms.EcdhSha2NistP256],
        };
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, server, new PeerHandler());
        await using RawPeer peer = new(near, Client(keyExchanges: [SshAlgorithms.EcdhSha2NistP521, SshAlgorithms.EcdhSha2NistP256], version: "SSH-2.0-raw"));
        _ = peer.KeyExchange.Begin(guess: new EcdhInitMessage(new byte[133]).Encode());
        await peer.ReadVersionAsync();
        await peer.FinishKeyExchangeAsync();
        await peer.LogInAsync(SessionPair.Password);
        await using SshConnection connection = await accept.WaitAsync(SessionPair.Patience);
        Assert.Equal(SshAlgorithms.EcdhSha2NistP256, connection.KeyExchange);
        await peer.DisposeAsync();
    }

    [Theory]
    [InlineData("SSH-rport-v1-client")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1 Debian-2")]
    public async Task The_peers_version_may_be_any(string version)
    {
        SshClientOptions client = Client(version: version);
        await using SessionPair pair = await SessionPair.CreateAsync(client);
        Assert.Equal(version, pair.Server.PeerVersionLine);
    }

    [Fact]
    public async Task Lines_before_the_version_line_are_skipped()
    {
        (Stream near, Stream far) = DuplexPair.Create();
        await using RawPeer peer = new(
            near,
            new SshServerOptions
            {
                VersionLine = "SSH-2.0-raw",
                HostKeys = SessionPair.ServerOptions.HostKeys,
                AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            },
            "welcome\r\n\r\nto this host\nSSH-2.0-raw\n"u8.ToArray());
        Task<SshConnection> connect = SshConnection.ConnectAsync(far, SessionPair.ClientOptions, new PeerHandler());
        await peer.ExchangeKeysAsync();
        Assert.Equal((byte)MessageNumber.ServiceRequest, (await peer.ExpectAsync(MessageNumber.ServiceRequest))[0]);
        await peer.DisposeAsync();
        await Assert.ThrowsAsync<SshConnectionClosedException>(() => connect.WaitAsync(SessionPair.Patience));
    }

    [Fact]
    public async Task Nothing_in_common_is_a_failed_key_exchange_on_both_sides()
    {
        (Task<SshConnection> connect, Task<SshConnection> accept) = Start(
            Client(keyExchanges: [SshAlgorithms.EcdhSha2NistP521]),
            new SshServerOptions
            {
                HostKeys = SessionPair.ServerOptions.HostKeys,
                AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
                KeyExchanges = [SshAlgorithms.EcdhSha2NistP256],
            });
        await Assert.ThrowsAnyAsync<SshException>(() => connect.WaitAsync(SessionPair.Patience));
        await Assert.ThrowsAnyAsync<SshException>(() => accept.WaitAsync(SessionPair.Patience));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    [InlineData(65)]
    public async Task A_point_that_is_not_on_the_curve_is_a_failed_key_exchange(int bytes)
    {
        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, SessionPair.ServerOptions, new PeerHandler());
        await using RawPeer peer = new(near, RawPeer.ClientOptions);
        byte[] point = new byte[bytes];
        if (bytes > 0)
        {
            point[0] = 4;
        }

        // Sent instead of our own: the server takes the first point after KEXINIT.
        _ = peer.KeyExchange.Begin();
        peer.SendNow(new EcdhInitMessage(point).Encode());
        SshProtocolException error = await Assert.ThrowsAsync<SshProtocolException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.Equal(SshDisconnectReason.KeyExchangeFailed, error.Reason);
    }

    [Fact]
    public async Task An_option_that_can_not_work_is_named_and_the_stream_disposed()
    {
        (Stream near, Stream far) = DuplexPair.Create();
        SshClientOptions options = Client(keyExchanges: ["diffie-hellman-group1-sha1"]);
        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(() => SshConnection.ConnectAsync(near, options, new PeerHandler()));
        Assert.Contains(nameof(SshConnectionOptions.KeyExchanges), error.Message, StringComparison.Ordinal);
        Assert.Equal(0, await far.ReadAsync(new byte[1]).AsTask().WaitAsync(SessionPair.Patience));
    }

    [Fact]
    public void A_login_does_not_print_its_password() =>
        Assert.DoesNotContain("hush", new SshPasswordLogin("u", "hush", 1).ToString(), StringComparison.Ordinal);

    private static (Task<SshConnection> Connect, Task<SshConnection> Accept) Start(SshClientOptions client, SshServerOptions server)
    {
        (Stream near, Stream far) = DuplexPair.Create();
        return (SshConnection.ConnectAsync(near, client, new PeerHandler()), SshConnection.AcceptAsync(far, server, new PeerHandler()));
    }

    private static SshServerOptions Server(Func<SshPasswordLogin, CancellationToken, ValueTask<bool>> authenticate) =>
        new() { HostKeys = SessionPair.ServerOptions.HostKeys, AuthenticateAsync = authenticate };

    private static SshClientOptions Client(
        IReadOnlyList<string>? keyExchanges = null,
        string password = SessionPair.Password,
        Func<SshHostKeyFingerprint, bool>? verify = null,
        string version = "SSH-2.0-RPort") => new()
        {
            UserName = SessionPair.User,
            Password = password,
            VerifyHostKey = verify ?? (static _ => true),
            KeyExchanges = keyExchanges ?? SshAlgorithms.KeyExchanges,
            VersionLine = version,
        };

    private static void SendAuth(RawPeer peer, string method)
    {
        using SshWriter writer = new(stackalloc byte[128]);
        writer.WriteByte((byte)MessageNumber.UserAuthRequest);
        writer.WriteString("someone");
        writer.WriteString("ssh-connection");
        writer.WriteString(method);
        peer.Send(writer.Written);
    }
}
