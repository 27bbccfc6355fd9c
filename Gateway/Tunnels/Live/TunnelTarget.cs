using System.Text;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>The agent's end of a tunnel: what is asked of the agent about its target, and channels to it.</summary>
/// <param name="connection">The agent's connection.</param>
/// <param name="spec">The tunnel.</param>
/// <param name="keepsHalfClose">Whether the agent has <see cref="ProtocolFeatures.Tunnel2"/>.</param>
internal sealed class TunnelTarget(SshConnection connection, TunnelSpec spec, bool keepsHalfClose)
{
    private readonly string _address = AddressOf(spec);
    private readonly byte[] _openData = Encoding.UTF8.GetBytes(AddressOf(spec));

    public bool KeepsHalfClose => keepsHalfClose;

    /// <summary><c>host:port</c>, the host in brackets where it is an IPv6 address.</summary>
    public static string AddressOf(TunnelSpec spec) =>
        spec.RemoteHost.Contains(':', StringComparison.Ordinal) ? $"[{spec.RemoteHost}]:{spec.RemotePort}" : $"{spec.RemoteHost}:{spec.RemotePort}";

    /// <summary>A connection to the target.</summary>
    /// <param name="inlineContinuations">Runs what follows on the loop of the agent's connection; it must then not block.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SshChannelOpenException">The agent could not make it, or may not; the message says why.</exception>
    public ValueTask<SshChannel> ConnectAsync(bool inlineContinuations, CancellationToken cancellationToken) =>
        connection.OpenChannelAsync(RequestNames.TunnelChannel, _openData, inlineContinuations, cancellationToken);

    /// <summary>A channel for datagrams to and from the target.</summary>
    /// <exception cref="SshChannelOpenException">The agent refused it; the message says why.</exception>
    public ValueTask<SshChannel> OpenDatagramsAsync(CancellationToken cancellationToken) =>
        connection.OpenChannelAsync(RequestNames.TunnelChannel, Encoding.UTF8.GetBytes($"{_address}/udp"), cancellationToken);

    /// <summary>Asks whether the agent's configuration allows the target; null for yes.</summary>
    public async Task<Refused?> CheckAllowedAsync(CancellationToken cancellationToken)
    {
        byte[] question = ProtocolJson.Write(new TunnelQuestion { Remote = _address }, ProtocolJson.Default.TunnelQuestion);
        SshReply reply = await connection.RequestAsync(RequestNames.CheckTunnelAllowed, question, cancellationToken);
        if (!reply.Success)
        {
            return Failed(reply);
        }

        return ProtocolJson.TryRead(reply.Payload, ProtocolJson.Default.TunnelAllowance) switch
        {
            null => new Refused(RefusalReason.AgentFailed, "the client's answer is malformed"),
            { IsAllowed: true } => null,
            var no => new Refused(RefusalReason.TargetNotAllowed, Short(no.Reason ?? "")),
        };
    }

    /// <summary>Has the agent try the target; null where something listens there.</summary>
    public async Task<Refused?> CheckOpenAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        byte[] question = ProtocolJson.Write(new PortQuestion { HostPort = _address, Timeout = timeout.Ticks * 100 }, ProtocolJson.Default.PortQuestion);
        SshReply reply = await connection.RequestAsync(RequestNames.CheckPort, question, cancellationToken);
        if (!reply.Success)
        {
            return Failed(reply);
        }

        return ProtocolJson.TryRead(reply.Payload, ProtocolJson.Default.PortState) switch
        {
            null => new Refused(RefusalReason.AgentFailed, "the client's answer is malformed"),
            { Open: true } => null,
            { TimedOut: true } no => new Refused(RefusalReason.TargetNotOpen, Short($"no answer within {timeout.TotalSeconds:0.###} s: {no.ErrMsg}")),
            var no => new Refused(RefusalReason.TargetNotOpen, Short(no.ErrMsg)),
        };
    }

    private static Refused Failed(SshReply reply) => new(RefusalReason.AgentFailed, Short(Encoding.UTF8.GetString(reply.Payload.Span[..Math.Min(reply.Payload.Length, 1024)])));

    // What an agent says is shown to people: on one line, and not more than they care to read.
    private static string Short(string text) => string.Concat(text.Take(300).Select(static c => char.IsControl(c) ? ' ' : c));
}
