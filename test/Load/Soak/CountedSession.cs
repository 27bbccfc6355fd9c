using RPort.Agent.Connection;
using RPort.Agent.Session;
using RPort.Load.Agents;
using RPort.Ssh;

namespace RPort.Load.Soak;

/// <summary>An agent's session that counts as connected while it runs.</summary>
internal sealed class CountedSession(IAgentSession session, FleetCounts counts) : IAgentSession
{
    public Task HandoverWanted => session.HandoverWanted;

    public ServerAddress Server => session.Server;

    public async Task<SshCloseReason> RunAsync(CancellationToken cancellationToken)
    {
        counts.Connected();
        try
        {
            return await session.RunAsync(cancellationToken);
        }
        finally
        {
            counts.Disconnected();
        }
    }

    public void Release() => session.Release();

    public ValueTask CloseAsync() => session.CloseAsync();
}
