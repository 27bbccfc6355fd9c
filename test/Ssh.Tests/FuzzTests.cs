using RPort.Ssh.Authentication;
using RPort.Ssh.Connection;
using RPort.Ssh.KeyExchange;
using RPort.Ssh.Transport;
using RPort.Ssh.Wire;
using RPort.Testing;

namespace RPort.Ssh.Tests;

/// <summary>Whole connections with damage in them: each must end in an orderly close, with the library's own exceptions.</summary>
public sealed class FuzzTests
{
    private const int Handshakes = 2000;
    private const int HostileSessions = 1000;

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task A_handshake_with_mutated_bytes_ends_in_an_orderly_close(bool fromClient, int seed)
    {
        int established = 0;
        await RunAsync(Handshakes, async index =>
        {
            MutatingTap tap = new((seed * 1_000_003) + index);
            (Stream near, Stream far) = fromClient ? DuplexPair.Create(firstToSecond: tap) : DuplexPair.Create(secondToFirst: tap);
            Task<SshConnection> accept = SshConnection.AcceptAsync(far, Server, new PeerHandler());
            Task<SshConnection> connect = SshConnection.ConnectAsync(near, Client, new PeerHandler());
            SshConnection?[] both = [await OutcomeAsync(accept, near), await OutcomeAsync(connect, far)];
            foreach (SshConnection connection in both.OfType<SshConnection>())
            {
                Interlocked.Increment(ref established);
                await connection.DisposeAsync();
            }
        });

        // Damage that comes late, or is swallowed, leaves some alive: without any the test would prove little about the later steps.
        Assert.InRange(established, 1, Handshakes * 2);
    }

    [Fact]
    public async Task A_logged_in_peer_that_sends_nonsense_is_disconnected_or_answered()
    {
        byte[][] samples =
        [
            ChannelOpenMessage.Encode("session", 0, 100_000, 30_000, default),
            RequestMessage.EncodeGlobal("x", wantsReply: true, default),
            RequestMessage.EncodeChannel(0, "subsystem", wantsReply: true, default),
            [(byte)MessageNumber.ChannelData, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3],
            [(byte)MessageNumber.ChannelExtendedData, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1],
            [(byte)MessageNumber.ChannelWindowAdjust, 0, 0, 0, 0, 0, 1, 0, 0],
            [(byte)MessageNumber.ChannelEof, 0, 0, 0, 0],
            [(byte)MessageNumber.ChannelClose, 0, 0, 0, 0],
            [(byte)MessageNumber.ChannelSuccess, 0, 0, 0, 0],
            new ChannelOpenConfirmationMessage(0, 0, 1, 1).Encode(),
            new ChannelOpenFailureMessage(0, SshChannelOpenFailure.ConnectFailed, "x").Encode(),
            [(byte)MessageNumber.RequestSuccess],
            ExtInfoMessage.Encode(),
            UserAuthRequestMessage.EncodePassword("a", "b"),
            ServiceMessage.Encode(MessageNumber.ServiceRequest, "ssh-userauth"),
            new EcdhInitMessage(new byte[65]).Encode(),
            [(byte)MessageNumber.NewKeys],
            [(byte)MessageNumber.Ignore],
        ];
        await RunAsync(HostileSessions, async index =>
        {
            Random random = new(index);
            Mutator mutator = new(index);
            (RawPeer peer, SshConnection server, PeerHandler handler) = await RawPeer.LogInAsync(PatientServer);
            handler.OnOpen = static _ => SshChannelVerdict.Accept(static (channel, cancellationToken) => channel.ReadAsync(new byte[10], cancellationToken).AsTask());
            for (int i = 0; i < 12; i++)
            {
                byte[] sample = samples[random.Next(samples.Length)];
                byte[] message = random.Next(3) == 0 ? sample : mutator.Mutate(sample);
                if (message.Length > 0)
                {
                    peer.Send(message);
                }
            }

            peer.Send(new DisconnectMessage(SshDisconnectReason.ByApplication, "fuzz").Encode());
            SshCloseReason reason = await server.Completion.WaitAsync(SessionPair.Patience);
            await peer.DisposeAsync();
            Assert.True(reason.Error is null or SshException or IOException, $"session {index}: {reason.Error}");
            await server.WhenIdleAsync().WaitAsync(SessionPair.Patience);
        });
    }

    private static SshServerOptions Server { get; } = new()
    {
        HostKeys = SessionPair.ServerOptions.HostKeys,
        AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
        HandshakeTimeout = TimeSpan.FromMilliseconds(1500),
        LoginTimeout = TimeSpan.FromMilliseconds(1500),
        CloseTimeout = TimeSpan.FromMilliseconds(100),
    };

    private static SshServerOptions PatientServer { get; } = new()
    {
        HostKeys = SessionPair.ServerOptions.HostKeys,
        AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
        CloseTimeout = TimeSpan.FromMilliseconds(100),
    };

    private static SshClientOptions Client { get; } = new()
    {
        UserName = SessionPair.User,
        Password = SessionPair.Password,
        VerifyHostKey = SessionPair.ClientOptions.VerifyHostKey,
        HandshakeTimeout = TimeSpan.FromMilliseconds(1500),
        LoginTimeout = TimeSpan.FromMilliseconds(1500),
        CloseTimeout = TimeSpan.FromMilliseconds(100),
    };

    private static async Task<SshConnection?> OutcomeAsync(Task<SshConnection> handshake, Stream otherEnd)
    {
        _ = otherEnd; // kept alive: nobody but its own connection closes it
        try
        {
            return await handshake.WaitAsync(SessionPair.Patience);
        }
        catch (SshException)
        {
            return null; // the only kind allowed; a TimeoutException here is a hang
        }
    }

    /// <summary>Many at a time, since most of them wait for a deadline of their own.</summary>
    private static Task RunAsync(int count, Func<int, Task> one) =>
        Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 48 }, async (index, _) => await one(index));

    /// <summary>Damages one write in a few of a direction, the same one for the same seed; sometimes splits, drops or repeats it.</summary>
    private sealed class MutatingTap : IWireTap
    {
        private readonly Mutator _mutator;
        private readonly int _target;
        private int _writes;

        public MutatingTap(int seed)
        {
            _mutator = new Mutator(seed);
            _target = new Random(seed).Next(7); // version line, KEXINIT, point, NEWKEYS, service, login, none
        }

        public byte[] Pass(byte[] written) => _writes++ == _target ? _mutator.Mutate(written) : written;
    }
}
