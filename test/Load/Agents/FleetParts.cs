using RPort.Ssh;

namespace RPort.Load.Agents;

/// <summary>What all agents share.</summary>
internal sealed record FleetParts(Dial Dial, SshClientOptions Login, DialGate Gate, FleetCounts Counts, PushTaker Pushes);
