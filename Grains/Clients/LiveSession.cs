using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>What an activation knows of its newest session beyond what is stored: the way to it, and until when it counts as alive.</summary>
internal sealed class LiveSession
{
    private DateTimeOffset _aliveUntil = DateTimeOffset.MinValue;

    /// <summary>The way to the session; null when this activation has not met it.</summary>
    public ISessionObserver? Observer { get; private set; }

    /// <summary>The last sign of life this activation saw.</summary>
    public DateTimeOffset? LastHeartbeatAt { get; private set; }

    public bool IsAlive(DateTimeOffset now) => now < _aliveUntil;

    /// <summary>A session is on record whose gateway may still be there.</summary>
    public void Presume(DateTimeOffset until) => _aliveUntil = until;

    public void Begin(ISessionObserver observer, DateTimeOffset aliveUntil, DateTimeOffset now)
    {
        Observer = observer;
        Renew(aliveUntil, now);
    }

    public void Renew(DateTimeOffset aliveUntil, DateTimeOffset now)
    {
        _aliveUntil = aliveUntil;
        LastHeartbeatAt = now;
    }

    public void End()
    {
        Observer = null;
        _aliveUntil = DateTimeOffset.MinValue;
    }
}
