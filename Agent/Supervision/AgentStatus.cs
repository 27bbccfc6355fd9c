namespace RPort.Agent.Supervision;

/// <summary>What the agent is doing, in a few words for the service manager.</summary>
internal sealed class AgentStatus(SystemdNotifier? manager)
{
    public void Set(string text) => manager?.Send($"STATUS={text}");
}
