using RPort.Ssh;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>Why a session is to end. The first reason wins.</summary>
/// <param name="Code">The code sent to the agent.</param>
/// <param name="Message">For the agent and the log.</param>
/// <param name="Linger">How long the agent may take to read an answer and hang up by itself.</param>
internal sealed record SessionEnd(SshDisconnectReason Code, string Message, TimeSpan Linger = default);
