using RPort.Grains.Abstractions;
using RPort.Ssh;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>The session that tunnels belong to.</summary>
/// <param name="Client">Whose.</param>
/// <param name="Connection">The way to the agent.</param>
/// <param name="KeepsHalfClose">Whether the agent does.</param>
/// <param name="Ledger">Where tunnels are remembered.</param>
internal sealed record SessionScope(ClientId Client, SshConnection Connection, bool KeepsHalfClose, ITunnelLedger Ledger)
{
    public TunnelTarget TargetOf(TunnelSpec spec) => new(Connection, spec, KeepsHalfClose);
}
