using Orleans;

namespace RPort.Grains.Abstractions;

/// <summary>
/// A live session in a gateway as its client grain sees it. One-way: nothing here may make a grain wait for a gateway; what gets lost is
/// healed by the next heartbeat's answer.
/// </summary>
[Alias("rport.ISessionObserver")]
public interface ISessionObserver : IGrainObserver
{
    /// <summary>Carry out this push. The session ignores one it already has.</summary>
    void Deliver(PushOrder order);

    /// <summary>Stop this push, up to and with this attempt, and clean up. May come before its <see cref="Deliver"/>: no order of these calls is promised.</summary>
    void Withdraw(UploadId upload, int attempt);

    /// <summary>Answer this by <see cref="IClientGrain.AnswerAsync"/>. May be lost; the one who asked then hears that no answer came in time.</summary>
    void Ask(SessionQuestion question);

    /// <summary>Somebody else claims the id: ping the agent now and close the session when no answer comes soon.</summary>
    void ProveAlive();

    /// <summary>The session is no longer the newest: close it. <paramref name="reason"/> is for the log and the disconnect message.</summary>
    void Close(string reason);
}
