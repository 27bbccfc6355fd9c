using System.Buffers.Binary;
using RPort.Ssh.Wire;
using RPort.Testing;

namespace RPort.Ssh.Tests;

/// <summary>Terrapin (CVE-2023-48795): nothing may be slipped into, or cut out of, the beginning of a connection.</summary>
public sealed class StrictKeyExchangeTests
{
    private static readonly byte[] Ignore = [(byte)MessageNumber.Ignore, 0, 0, 0, 0];

    [Fact]
    public async Task A_message_before_the_first_KEXINIT_is_refused()
    {
        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, SessionPair.ServerOptions, new PeerHandler());
        await using RawPeer peer = new(near, RawPeer.ClientOptions);
        peer.SendNow(Ignore);
        _ = peer.KeyExchange.Begin();
        await peer.ReadVersionAsync();

        SshProtocolException error = await Assert.ThrowsAsync<SshProtocolException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.Equal(SshDisconnectReason.KeyExchangeFailed, error.Reason);
    }

    [Theory]
    [InlineData((byte)MessageNumber.Ignore)]
    [InlineData((byte)MessageNumber.Debug)]
    [InlineData((byte)MessageNumber.Unimplemented)]
    [InlineData((byte)MessageNumber.ServiceRequest)]
    [InlineData((byte)MessageNumber.ExtInfo)]
    [InlineData((byte)MessageNumber.GlobalRequest)]
    [InlineData(200)]
    public async Task A_foreign_message_within_the_first_key_exchange_is_refused(byte number)
    {
        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, SessionPair.ServerOptions, new PeerHandler());
        await using RawPeer peer = new(near, RawPeer.ClientOptions);
        _ = peer.KeyExchange.Begin();
        peer.SendNow(number, 0, 0, 0, 0);

        await Assert.ThrowsAsync<SshProtocolException>(() => accept.WaitAsync(SessionPair.Patience));
    }

    [Fact]
    public async Task Without_strictness_on_the_other_side_IGNORE_is_accepted_as_RFC_4253_says()
    {
        SshClientOptions lax = new()
        {
            VersionLine = "SSH-2.0-raw",
            UserName = SessionPair.User,
            Password = SessionPair.Password,
            VerifyHostKey = static _ => true,
            StrictKeyExchange = false,
        };
        (Stream near, Stream far) = DuplexPair.Create();
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, SessionPair.ServerOptions, new PeerHandler());
        await using RawPeer peer = new(near, lax);
        peer.SendNow(Ignore);
        _ = peer.KeyExchange.Begin();
        peer.SendNow(Ignore);
        await peer.ReadVersionAsync();
        await peer.FinishKeyExchangeAsync();
        await peer.LogInAsync(SessionPair.Password);

        await using SshConnection server = await accept.WaitAsync(SessionPair.Patience);
        Assert.False(server.IsStrict);
        await peer.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_packet_injected_by_a_man_in_the_middle_is_refused_before_any_key_is_used(bool strict)
    {
        Injection attack = new();
        (Stream near, Stream far) = DuplexPair.Create(secondToFirst: attack);
        SshServerOptions serverOptions = new()
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            StrictKeyExchange = strict,
            Ciphers = [SshAlgorithms.Aes128Ctr],
        };
        Task<SshConnection> accept = SshConnection.AcceptAsync(far, serverOptions, new PeerHandler());
        Task<SshConnection> connect = SshConnection.ConnectAsync(near, RawPeer.ClientOptions, new PeerHandler());

        SshProtocolException error = await Assert.ThrowsAsync<SshProtocolException>(() => connect.WaitAsync(SessionPair.Patience));
        await Assert.ThrowsAnyAsync<SshException>(() => accept.WaitAsync(SessionPair.Patience));
        Assert.True(attack.Done);

        // Without strictness the packet is swallowed and only the tags, which cover the shifted sequence numbers, show that something is wrong.
        Assert.Equal(strict ? SshDisconnectReason.KeyExchangeFailed : SshDisconnectReason.MacError, error.Reason);
    }

    [Fact]
    public async Task Sequence_numbers_start_again_with_every_NEWKEYS()
    {
        // The MAC of a counter-mode cipher covers the sequence number: were only one side to restart it, no packet would be accepted after a rekey.
        SshClientOptions options = new()
        {
            UserName = SessionPair.User,
            Password = SessionPair.Password,
            VerifyHostKey = static _ => true,
            Ciphers = [SshAlgorithms.Aes128Ctr],
        };
        await using SessionPair pair = await SessionPair.CreateAsync(options);
        for (int i = 0; i < 3; i++)
        {
            await pair.Client.RekeyAsync().WaitAsync(SessionPair.Patience);
            SshReply reply = await pair.Client.RequestAsync("any", default).AsTask().WaitAsync(SessionPair.Patience);
            Assert.False(reply.Success);
        }

        Assert.Equal(4, pair.Server.KeyExchanges);
    }

    /// <summary>Puts a plain IGNORE behind the server's KEXINIT.</summary>
    private sealed class Injection : IWireTap
    {
        private static readonly byte[] PlainIgnore = [0, 0, 0, 12, 6, (byte)MessageNumber.Ignore, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

        public bool Done { get; private set; }

        public byte[] Pass(byte[] written)
        {
            if (Done || written.Length < 6 || written[5] != (byte)MessageNumber.KexInit)
            {
                return written;
            }

            Done = true;
            int kexInit = 4 + BinaryPrimitives.ReadInt32BigEndian(written);
            return [.. written[..kexInit], .. PlainIgnore, .. written[kexInit..]];
        }
    }
}
