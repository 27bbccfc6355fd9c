using System.Net;
using RPort.Agent.Configuration;
using RPort.Agent.Inventory;

namespace RPort.Agent.Session;

/// <summary>Who this agent says it is, for the life of the process.</summary>
/// <param name="Id">The client id; empty lets the gateway choose.</param>
/// <param name="Name">What operators see.</param>
/// <param name="SessionId">Random: tells the gateway that a new connection replaces this process's older one and not another machine's.</param>
/// <param name="Version">The agent's version.</param>
internal sealed record AgentIdentity(string Id, string Name, string SessionId, string Version)
{
    public static string ProgramVersion { get; } = typeof(AgentIdentity).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    public static AgentIdentity From(ClientOptions client)
    {
        string id = client.Id.Length > 0 ? client.Id : client.UseSystemId ? MachineProbe.SystemId() : "";
        string name = client.Name.Length > 0 ? client.Name : client.UseHostname ? Dns.GetHostName() : id;
        return new AgentIdentity(id, name, Guid.NewGuid().ToString("D"), ProgramVersion);
    }
}
