using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>
/// One machine: what it is, which session is its newest, and the pushes waiting for it. Key: the <see cref="ClientId"/>.
/// The connection itself lives in a gateway and is reached through <see cref="ISessionObserver"/>.
/// </summary>
[Alias("rport.IClientGrain")]
public interface IClientGrain : IGrainWithStringKey
{
    /// <summary>
    /// Registers a session. The same process may take over at any time (its older session is told to close); another process is refused
    /// while the present one is alive, and makes the grain ask the present one for a sign of life. Idempotent for the same session.
    /// Durable before it answers.
    /// </summary>
    Task<ConnectResult> ConnectAsync(ConnectRequest request, ISessionObserver session);

    /// <summary>Says the agent has just proved to be alive. Called by the session at least every <see cref="SessionLease.HeartbeatInterval"/>.</summary>
    Task<HeartbeatResult> HeartbeatAsync(SessionFence fence);

    /// <summary>Replaces the inventory (slow facts arrive after the connect). Ignored from a session that is not the newest.</summary>
    Task UpdateInventoryAsync(SessionFence fence, ClientInventory inventory);

    /// <summary>The session has ended. Ignored from a session that is not the newest.</summary>
    Task DisconnectAsync(SessionFence fence);

    /// <summary>What is known of the client; null when it never connected. Answers at once, also beside a running call.</summary>
    [AlwaysInterleave]
    Task<ClientRecord?> GetAsync();

    /// <summary>
    /// Gives the client a push to carry out now or at its next connect. Durable before it answers; idempotent by the upload's id, where a
    /// higher <see cref="PushOrder.Attempt"/> replaces a lower one.
    /// </summary>
    Task<AssignOutcome> AssignAsync(PushOrder order);

    /// <summary>Takes a push back: forgotten here, and the agent is told to stop. No effect when it is unknown or was given anew under a higher attempt.</summary>
    Task WithdrawAsync(UploadId upload, int attempt);

    /// <summary>An agent's result for a push. Accepted only from the newest session and only for a push given to this client; durable before it answers.</summary>
    Task<ReportOutcome> ReportAsync(SessionFence fence, PushReport report);

    /// <summary>Bytes of a push the agent has fetched so far. May be lost.</summary>
    [OneWay]
    Task ProgressAsync(SessionFence fence, UploadId upload, long bytes);

    /// <summary>Sets which user groups may see the client. Durable before it answers. False: there is no such client.</summary>
    Task<bool> SetAllowedUserGroupsAsync(ImmutableArray<string> groups);

    /// <summary>Forgets the client, its pending pushes (they fail) and its directory entry. Only while it is not connected.</summary>
    Task<DeleteOutcome> DeleteAsync();
}
