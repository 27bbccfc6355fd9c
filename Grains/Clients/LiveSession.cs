using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>
/// What an activation knows of its newest session beyond what is stored: the way to it, and for how long it counts as alive. That is measured and not
/// read off a calendar: a clock that is set forward would end the sessions of all clients at once, one that is set back would keep dead ones.
/// </summary>
internal sealed class LiveSession(TimeProvider clock)
{
    private long _since;
    private TimeSpan _lease = TimeSpan.Zero;

    /// <summary>The way to the session; null when there is none, or its state was written by a build that did not store the way.</summary>
    public ISessionObserver? Observer { get; private set; }

    /// <summary>The last sign of life this activation saw.</summary>
    public DateTimeOffset? LastHeartbeatAt { get; private set; }

    public bool IsAlive => clock.GetElapsedTime(_since) < _lease;

    /// <summary>A session is on record whose gateway may still be there.</summary>
    public void Presume(ISessionObserver? observer, TimeSpan lease)
    {
        Observer = observer;
        Lease(lease);
    }

    private void Lease(TimeSpan lease)
    {
        _since = clock.GetTimestamp();
        _lease = lease;
    }

    public void Begin(ISessionObserver observer, TimeSpan lease)
    {
        Observer = observer;
        Renew(lease);
    }

    public void Renew(TimeSpan lease)
    {
        Lease(lease);
        LastHeartbeatAt = clock.GetUtcNow();
    }

    public void End()
    {
        Observer = null;
        _lease = TimeSpan.Zero;
    }
}
