using System.Text.Json.Nodes;

namespace RPort.EndToEnd.Kit;

/// <summary>A gateway with one agent: what a tunnel needs.</summary>
internal sealed class TunnelSetting : IAsyncDisposable
{
    private readonly TempFolder _folder;

    private TunnelSetting(GatewayProcess gateway, TempFolder folder)
    {
        Gateway = gateway;
        _folder = folder;
    }

    public GatewayProcess Gateway { get; }

    public AgentProcess Agent { get; private set; } = null!;

    public string this[string name] => _folder[name];

    public static async Task<TunnelSetting> StartAsync(JsonObject? configuration = null, JsonObject? agent = null)
    {
        TempFolder folder = new();
        TunnelSetting setting = new(await GatewayProcess.StartAsync(folder, configuration), folder);
        setting.Agent = AgentProcess.Start(folder, setting.Gateway, "machine", agent);
        await setting.Gateway.ConnectedAsync(1);
        return setting;
    }

    public Task<TunnelPort> OpenAsync(int target, string query = "") => TunnelPort.OpenAsync(Gateway, "machine", target, query);

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await Gateway.DisposeAsync();
        _folder.Dispose();
    }
}
