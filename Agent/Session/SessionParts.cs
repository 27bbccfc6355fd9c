using Microsoft.Extensions.Logging;
using RPort.Agent.Configuration;
using RPort.Agent.Connection;
using RPort.Agent.Files;
using RPort.Agent.Supervision;
using RPort.Ssh;

namespace RPort.Agent.Session;

/// <summary>What every session of this process is made of. All of it outlives the sessions.</summary>
internal sealed record SessionParts(
    AgentOptions Options, DialGateway Dial, GatewayLogin Login, Registration Registration, IPushReceiver Receiver, HealthDeadline Health, TimeProvider Clock, ILogger Logger);

/// <summary>Answers a duplex byte stream to the gateway, owned by the caller; see <see cref="GatewayDialer.DialAsync"/>.</summary>
internal delegate Task<Stream> DialGateway(ServerAddress server, CancellationToken cancellationToken);

/// <summary>How to log in to a gateway, and how to know that it is the right one.</summary>
/// <param name="UserAndPassword">A secret.</param>
/// <param name="Fingerprint">Empty: any host key is taken, which the configuration had to allow.</param>
/// <param name="UnexpectedKey">Told of a host key that is not the pinned one.</param>
internal sealed record GatewayLogin(string UserAndPassword, string Fingerprint, string VersionLine, Action<SshHostKeyFingerprint> UnexpectedKey)
{
    // Beside tunnels: a channel for each file that is fetched, and what existing gateways may open.
    private const int OtherChannels = 1024;

    /// <param name="clock">The clock of the connection.</param>
    /// <param name="maxTunnelConnections">What the agent serves. A gateway that opens more is told so, which takes room as well.</param>
    public SshClientOptions ToOptions(TimeProvider clock, int maxTunnelConnections)
    {
        int colon = UserAndPassword.IndexOf(':', StringComparison.Ordinal);
        return new SshClientOptions
        {
            VersionLine = VersionLine,
            UserName = UserAndPassword[..colon],
            Password = UserAndPassword[(colon + 1)..],
            VerifyHostKey = Verify,
            TimeProvider = clock,
            MaxChannels = maxTunnelConnections + OtherChannels,
            InlineOpens = true, // every verdict is either at hand or put off
            MaxPendingOpens = 2 * maxTunnelConnections + OtherChannels,
        };
    }

    public override string ToString() => nameof(GatewayLogin);

    private bool Verify(SshHostKeyFingerprint key)
    {
        if (Fingerprint.Length == 0 || key.Matches(Fingerprint))
        {
            return true;
        }

        UnexpectedKey(key);
        return false;
    }
}
