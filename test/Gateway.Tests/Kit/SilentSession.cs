using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Kit;

/// <summary>A session that hears its client grain and does nothing; tests override what they are about.</summary>
internal class SilentSession : ISessionObserver
{
    public virtual void Deliver(PushOrder order)
    {
    }

    public virtual void Withdraw(UploadId upload, int attempt)
    {
    }

    public virtual void Ask(SessionQuestion question)
    {
    }

    public virtual void ProveAlive()
    {
    }

    public virtual void Close(string reason)
    {
    }
}
