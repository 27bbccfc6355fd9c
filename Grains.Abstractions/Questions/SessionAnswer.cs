using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>The answer to a <see cref="SessionQuestion"/>.</summary>
[GenerateSerializer, Immutable, Alias("rport.SessionAnswer")]
public abstract record SessionAnswer;

/// <summary>It is done.</summary>
[GenerateSerializer, Immutable, Alias("rport.Done")]
public sealed record Done : SessionAnswer;

/// <summary>It is not done.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Detail">For people: what the agent or the operating system said; may be empty.</param>
[GenerateSerializer, Immutable, Alias("rport.Refused")]
public sealed record Refused([property: Id(0)] RefusalReason Reason, [property: Id(1)] string Detail = "") : SessionAnswer;

/// <summary>What the agent replied to a request, success or failure.</summary>
/// <param name="Success">Which of the two.</param>
/// <param name="Payload">JSON, or on failure a text for people.</param>
[GenerateSerializer, Immutable, Alias("rport.AgentReplied")]
public sealed record AgentReplied([property: Id(0)] bool Success, [property: Id(1)] string Payload) : SessionAnswer;

/// <summary>The tunnel is open.</summary>
/// <param name="Tunnel">The tunnel, with its id and port.</param>
[GenerateSerializer, Immutable, Alias("rport.TunnelOpened")]
public sealed record TunnelOpened([property: Id(0)] LiveTunnel Tunnel) : SessionAnswer;

/// <summary>The client's tunnels.</summary>
/// <param name="Tunnels">In order of id.</param>
[GenerateSerializer, Immutable, Alias("rport.TunnelList")]
public sealed record TunnelList([property: Id(0)] ImmutableArray<LiveTunnel> Tunnels) : SessionAnswer;

/// <summary>Why something asked of a session was not done.</summary>
public enum RefusalReason
{
    /// <summary>There is no such client.</summary>
    UnknownClient,
    /// <summary>The client has no live session, or lost it meanwhile: whether it was done is not known.</summary>
    NotConnected,
    /// <summary>No answer in time: whether it was done is not known.</summary>
    TimedOut,
    /// <summary><see cref="ClientLimits.MaxOpenQuestions"/> wait for this client already.</summary>
    Busy,
    /// <summary>The agent refused the request or answered nonsense.</summary>
    AgentFailed,
    /// <summary>The agent's configuration does not allow the target.</summary>
    TargetNotAllowed,
    /// <summary>The agent could not connect to the target.</summary>
    TargetNotOpen,
    /// <summary>There is the same tunnel already.</summary>
    TunnelExists,
    /// <summary>There is a tunnel to the same target with the same ACL.</summary>
    TunnelToTargetExists,
    /// <summary>There is no such tunnel.</summary>
    TunnelNotFound,
    /// <summary>The tunnel has open connections; <c>Detail</c> is their number.</summary>
    TunnelInUse,
    /// <summary>The client has as many tunnels as it may have.</summary>
    TooManyTunnels,
    /// <summary>The local port is not among those that may be used.</summary>
    PortNotAllowed,
    /// <summary>The local port is taken, or none was free.</summary>
    PortInUse,
    /// <summary>The local address can not be listened on.</summary>
    AddressUnusable,
    /// <summary>Something of the gateway failed; its log says what.</summary>
    GatewayFailed,
}
