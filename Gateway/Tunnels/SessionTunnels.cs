using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels;

/// <summary>The tunnels of one session.</summary>
internal sealed class SessionTunnels
{
    /// <summary>Answers what is asked of tunnels.</summary>
    public Task<SessionAnswer> AnswerAsync(SessionQuestion question, CancellationToken cancellationToken) =>
        Task.FromResult<SessionAnswer>(new Refused(RefusalReason.GatewayFailed, $"{question.GetType().Name} is not known here"));
}
