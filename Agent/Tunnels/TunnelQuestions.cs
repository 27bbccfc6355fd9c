using System.Net.Sockets;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Agent.Tunnels;

/// <summary>
/// Answers what a gateway asks before it makes a tunnel. The answers may take seconds and hold up nothing but the replies to later requests, which SSH
/// wants in order; hence the bounds on the time.
/// </summary>
/// <param name="dialer">Reaches the targets.</param>
/// <param name="tunnels">Knows what the gateway understands.</param>
internal sealed class TunnelQuestions(TunnelDialer dialer, TunnelService tunnels)
{
    private const string NoTarget = "the target must be host:port";

    private static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DefaultPortTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxPortTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Answers <see cref="RequestNames.CheckTunnelAllowed"/>. A name that can not be resolved is a failure and no denial: the next time it may be.</summary>
    public SshReply IsAllowed(ReadOnlyMemory<byte> payload)
    {
        if (ProtocolJson.TryRead(payload, ProtocolJson.Default.TunnelQuestion) is not { } question || !TunnelTarget.TryParse(question.Remote, out TunnelTarget? target))
        {
            return SshReply.Fail(NoTarget);
        }

        return dialer.AllowsAll ? Allowance(true) : SshReply.Defer(token => AskAsync(target, token));
    }

    /// <summary>Answers <see cref="RequestNames.CheckPort"/>.</summary>
    public SshReply IsOpen(ReadOnlyMemory<byte> payload)
    {
        if (ProtocolJson.TryRead(payload, ProtocolJson.Default.PortQuestion) is not { } question
            || !TunnelTarget.TryParse(question.HostPort, out TunnelTarget? target) || target.IsUdp)
        {
            return SshReply.Fail(NoTarget);
        }

        TimeSpan timeout = question.Timeout <= 0 ? DefaultPortTimeout : TimeSpan.FromTicks(Math.Clamp(question.Timeout / 100, 1, MaxPortTimeout.Ticks));
        return SshReply.Defer(token => TryAsync(target, timeout, token));
    }

    private async Task<SshReply> AskAsync(TunnelTarget target, CancellationToken cancellationToken)
    {
        try
        {
            await dialer.ResolveAsync(target, ResolveTimeout, cancellationToken).ConfigureAwait(false);
            return Allowance(true);
        }
        catch (TunnelDialException error)
        {
            return error.Failure == TunnelDialFailure.Denied ? Allowance(false) : SshReply.Fail(error.Message);
        }
    }

    private async Task<SshReply> TryAsync(TunnelTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            using Socket socket = await dialer.ConnectAsync(target, timeout, cancellationToken).ConfigureAwait(false);
            return State(new PortState { Open = true, TimedOut = tunnels.Tunnel2 ? false : null });
        }
        catch (TunnelDialException error)
        {
            return error.Failure == TunnelDialFailure.Denied
                ? SshReply.Fail(error.Message)
                : State(new PortState { ErrMsg = error.Message, TimedOut = tunnels.Tunnel2 ? error.Failure == TunnelDialFailure.TimedOut : null });
        }
    }

    private SshReply Allowance(bool allowed) => SshReply.Ok(ProtocolJson.Write(
        new TunnelAllowance { IsAllowed = allowed, Reason = !allowed && tunnels.Tunnel2 ? RequestNames.TunnelNotAllowed : null },
        ProtocolJson.Default.TunnelAllowance));

    private static SshReply State(PortState state) => SshReply.Ok(ProtocolJson.Write(state, ProtocolJson.Default.PortState));
}
