namespace RPort.EndToEnd.Kit;

/// <summary>Several agent processes against one gateway.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly List<AgentProcess> _agents = [];

    public IReadOnlyList<AgentProcess> Agents => _agents;

    public IEnumerable<string> Ids => _agents.Select(agent => agent.Id);

    public static async Task<Fleet> StartAsync(TempFolder folder, GatewayProcess gateway, int count, string? url = null, string? receivedAs = null)
    {
        Fleet fleet = new();
        for (int i = 0; i < count; i++)
        {
            AgentProcess agent = new(folder, $"a{i:00}", url ?? gateway.AgentsUrl, gateway.Fingerprint) { ReceivedAs = receivedAs };
            fleet._agents.Add(agent);
            agent.Start();
        }

        await gateway.ConnectedAsync(count, TimeSpan.FromSeconds(90));
        return fleet;
    }

    public string Tail() => string.Join('\n', _agents.Select(agent => $"--- {agent.Id}\n{agent.Process.Tail(15)}"));

    public async ValueTask DisposeAsync()
    {
        foreach (AgentProcess agent in _agents)
        {
            await agent.DisposeAsync();
        }
    }
}
