using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>Something asked of a client's live session, wherever it is: see <see cref="IClientGrain.AskAsync"/>.</summary>
/// <param name="Id">Which question.</param>
/// <param name="Timeout">The longest wait for the answer, at most <see cref="ClientLimits.MaxQuestionTime"/>.</param>
[GenerateSerializer, Immutable, Alias("rport.SessionQuestion")]
public abstract record SessionQuestion([property: Id(0)] QuestionId Id, [property: Id(1)] TimeSpan Timeout);

/// <summary>Send this request to the agent. Answered by <see cref="AgentReplied"/>.</summary>
/// <param name="Id">Which question.</param>
/// <param name="Timeout">The longest wait for the answer.</param>
/// <param name="Name">The request's name, of those the gateway sends.</param>
/// <param name="Payload">Its payload, JSON, in UTF-8 at most <see cref="ClientLimits.MaxQuestionBytes"/>.</param>
[GenerateSerializer, Immutable, Alias("rport.AskAgent")]
public sealed record AskAgent(QuestionId Id, TimeSpan Timeout, [property: Id(0)] string Name, [property: Id(1)] string Payload)
    : SessionQuestion(Id, Timeout);

/// <summary>Open a tunnel, with every check that needs the agent or the port. Answered by <see cref="TunnelOpened"/>, durable by then, or <see cref="Refused"/>.</summary>
/// <param name="Id">Which question.</param>
/// <param name="Timeout">The longest wait for the answer.</param>
/// <param name="Spec">The tunnel.</param>
/// <param name="CheckPort">Whether the agent tries the target first.</param>
[GenerateSerializer, Immutable, Alias("rport.OpenTunnel")]
public sealed record OpenTunnel(QuestionId Id, TimeSpan Timeout, [property: Id(0)] TunnelSpec Spec, [property: Id(1)] bool CheckPort)
    : SessionQuestion(Id, Timeout);

/// <summary>Close a tunnel for good. Answered by <see cref="Done"/>, durable by then, or <see cref="Refused"/>.</summary>
/// <param name="Id">Which question.</param>
/// <param name="Timeout">The longest wait for the answer.</param>
/// <param name="Tunnel">Which tunnel.</param>
/// <param name="Force">Close it even while connections are open.</param>
[GenerateSerializer, Immutable, Alias("rport.CloseTunnel")]
public sealed record CloseTunnel(QuestionId Id, TimeSpan Timeout, [property: Id(0)] TunnelId Tunnel, [property: Id(1)] bool Force)
    : SessionQuestion(Id, Timeout);

/// <summary>Change who may use a tunnel; connections it no longer allows are cut. Answered by <see cref="Done"/>, durable by then, or <see cref="Refused"/>.</summary>
/// <param name="Id">Which question.</param>
/// <param name="Timeout">The longest wait for the answer.</param>
/// <param name="Tunnel">Which tunnel.</param>
/// <param name="Acl">As <see cref="TunnelSpec.Acl"/>.</param>
[GenerateSerializer, Immutable, Alias("rport.ChangeTunnelAcl")]
public sealed record ChangeTunnelAcl(QuestionId Id, TimeSpan Timeout, [property: Id(0)] TunnelId Tunnel, [property: Id(1)] string Acl)
    : SessionQuestion(Id, Timeout);

/// <summary>How do the client's tunnels fare? Answered by <see cref="TunnelList"/>.</summary>
/// <param name="Id">Which question.</param>
/// <param name="Timeout">The longest wait for the answer.</param>
[GenerateSerializer, Immutable, Alias("rport.ListTunnels")]
public sealed record ListTunnels(QuestionId Id, TimeSpan Timeout) : SessionQuestion(Id, Timeout);
