using System.Text.Json;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Tunnels;

/// <summary>Tunnels for tests of the API.</summary>
internal static class ApiTunnels
{
    /// <summary>What only a live session knows.</summary>
    public static readonly string[] LiveFields = ["state", "error", "public_host", "connections", "connections_total", "refused", "bytes_in", "bytes_out", "dropped_datagrams"];

    public static TunnelSpec Spec(int port) => new() { LocalPort = port, RemoteHost = "127.0.0.1", RemotePort = 22, Acl = "10.0.0.1" };

    public static LiveTunnel Live(TunnelRecord tunnel) => new()
    {
        Tunnel = tunnel,
        Open = true,
        PublicHost = "gate.example",
        Connections = 2,
        TotalConnections = 5,
        Refused = 1,
        BytesIn = 7,
        BytesOut = 9,
        DroppedDatagrams = 3,
    };

    /// <summary>What <c>GET /tunnels</c> answers to this query.</summary>
    public static async Task<JsonElement[]> TunnelsAsync(this TestGateway gateway, string query)
    {
        JsonElement body = await (await gateway.Http.GetAsync($"tunnels?{query}")).JsonAsync();
        JsonElement[] tunnels = [.. body.GetProperty("data").EnumerateArray()];
        Assert.True(body.GetProperty("meta").GetProperty("count").GetInt32() >= tunnels.Length);
        return tunnels;
    }
}
