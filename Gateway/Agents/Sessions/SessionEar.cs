using RPort.Gateway.Agents.Pushes;
using RPort.Grains.Abstractions;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>What a client grain can tell a session. Every call returns at once.</summary>
internal sealed class SessionEar(AgentSession session) : ISessionObserver
{
    public void Deliver(PushOrder order) => session.Pushes.Offer(order);

    public void Withdraw(UploadId upload, int attempt) => session.Pushes.Withdraw(upload, attempt);

    public void Ask(SessionQuestion question) => session.Questions.Take(question);

    public void ProveAlive() => session.Pulse.ProveAlive();

    public void Close(string reason) => session.End(new SessionEnd(SshDisconnectReason.ByApplication, reason));
}
