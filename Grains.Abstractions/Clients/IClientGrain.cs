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
    [SafeToRepeat]
    Task<ConnectResult> ConnectAsync(ConnectRequest request, ISessionObserver session);

    /// <summary>Says the agent has just proved to be alive. Called by the session at least every <see cref="SessionLease.HeartbeatInterval"/>.</summary>
    [SafeToRepeat]
    Task<HeartbeatResult> HeartbeatAsync(SessionFence fence);

    /// <summary>Replaces the inventory (slow facts arrive after the connect). Ignored from a session that is not the newest.</summary>
    [SafeToRepeat]
    Task UpdateInventoryAsync(SessionFence fence, ClientInventory inventory);

    /// <summary>The session has ended. Ignored from a session that is not the newest.</summary>
    [SafeToRepeat]
    Task DisconnectAsync(SessionFence fence);

    /// <summary>What is known of the client; null when it never connected. Answers at once, also beside a running call.</summary>
    [AlwaysInterleave]
    [SafeToRepeat]
    Task<ClientRecord?> GetAsync();

    /// <summary>
    /// Gives the client a push to carry out now or at its next connect. Durable before it answers; idempotent by the upload's id, where a
    /// higher <see cref="PushOrder.Attempt"/> replaces a lower one.
    /// </summary>
    [SafeToRepeat]
    Task<AssignOutcome> AssignAsync(PushOrder order);

    /// <summary>Takes a push back: forgotten here, and the agent is told to stop. No effect when it is unknown or was given anew under a higher attempt.</summary>
    [SafeToRepeat]
    Task WithdrawAsync(UploadId upload, int attempt);

    /// <summary>An agent's result for a push. Accepted only from the newest session and only for a push given to this client; durable before it answers.</summary>
    [SafeToRepeat]
    Task<ReportOutcome> ReportAsync(SessionFence fence, PushReport report);

    /// <summary>Bytes of a push the agent has fetched so far. May be lost.</summary>
    [OneWay]
    Task ProgressAsync(SessionFence fence, UploadId upload, long bytes);

    /// <summary>
    /// Asks the live session something and waits for its answer, beside whatever else runs. Never throws for what the session or the agent does:
    /// without a session, in time or otherwise, the answer is <see cref="Refused"/>.
    /// </summary>
    [AlwaysInterleave]
    Task<SessionAnswer> AskAsync(SessionQuestion question);

    /// <summary>The session's answer. Ignored from a session that is not the newest, and for a question nobody waits for.</summary>
    [AlwaysInterleave]
    Task AnswerAsync(SessionFence fence, QuestionId question, SessionAnswer answer);

    /// <summary>
    /// The session has the port of a new tunnel: gives it an id. Durable before it answers. Null: the session is not the newest, or the client has
    /// <see cref="ClientLimits.MaxTunnels"/>.
    /// </summary>
    Task<TunnelRecord?> AddTunnelAsync(SessionFence fence, TunnelSpec spec);

    /// <summary>Replaces what a tunnel is, such as its ACL. Durable before it answers. False: stale session, or no such tunnel.</summary>
    [SafeToRepeat]
    Task<bool> ChangeTunnelAsync(SessionFence fence, TunnelRecord tunnel);

    /// <summary>The session has closed a tunnel for good. Durable before it answers. False: stale session; true also where it was gone already.</summary>
    [SafeToRepeat]
    Task<bool> RemoveTunnelAsync(SessionFence fence, TunnelId tunnel);

    /// <summary>Removes a tunnel while no session is alive that could close it. Durable before it answers. False: a session is alive, or there is no such tunnel.</summary>
    Task<bool> RemoveTunnelOfAbsentAsync(TunnelId tunnel);

    /// <summary>Changes a tunnel's ACL while no session is alive. Durable before it answers. False: a session is alive, or there is no such tunnel.</summary>
    Task<bool> ChangeAclOfAbsentAsync(TunnelId tunnel, string acl);

    /// <summary>The tunnel templates kept for the client, oldest first; empty also for an unknown client.</summary>
    [SafeToRepeat]
    Task<ImmutableArray<StoredTunnel>> GetStoredTunnelsAsync();

    /// <summary>Keeps a template: a new one, or (<paramref name="replace"/>) in the place of the one with its id. Durable before it answers.</summary>
    Task<StoredTunnelOutcome> PutStoredTunnelAsync(StoredTunnel tunnel, bool replace);

    /// <summary>Forgets a template. Durable before it answers.</summary>
    Task<StoredTunnelOutcome> DeleteStoredTunnelAsync(Guid id);

    /// <summary>
    /// Notes the tags and labels the agent has just taken over: existing agents tell them only when they connect the next time. Durable before it
    /// answers. False: there is no such client.
    /// </summary>
    [SafeToRepeat]
    Task<bool> SetAttributesAsync(ImmutableArray<string> tags, ImmutableSortedDictionary<string, string> labels);

    /// <summary>Sets which user groups may see the client. Durable before it answers. False: there is no such client.</summary>
    [SafeToRepeat]
    Task<bool> SetAllowedUserGroupsAsync(ImmutableArray<string> groups);

    /// <summary>Forgets the client, its pending pushes (they fail), its commands and its directory entry. Only while it is not connected.</summary>
    Task<DeleteOutcome> DeleteAsync();
}
